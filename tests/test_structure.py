"""The modules of all packages import one another in one direction, and no file is too long to be read at once."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

PACKAGES = ("promptpress", "promptpress_service", "promptpress_kernels")
ROOT = Path(__file__).parents[1]
MOST_LINES = 400
GENERATED = ("grpc_api/generated",)

Imports = Mapping[str, Iterable[str]]
"""The modules that each module imports, those imported inside functions included."""


@pytest.fixture(scope="module")
def imports() -> Imports:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}


def circle(edges: Imports) -> list[str]:
    """One circle of the graph, its first node again at the end; empty where there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def siblings(imports: Imports, package: str) -> dict[str, set[str]]:
    """Which files and folders right inside a package import which others of them."""
    depth = package.count(".") + 2
    edges: dict[str, set[str]] = {}
    for importer, imported in imports.items():
        if importer.startswith(f"{package}."):
            inside = {_shortened(each, depth) for each in imported if each.startswith(f"{package}.")}
            edges.setdefault(_shortened(importer, depth), set()).update(inside - {_shortened(importer, depth)})
    return edges


def _shortened(module: str, depth: int) -> str:
    return ".".join(module.split(".")[:depth])


def test_no_circle_of_files(imports: Imports) -> None:
    assert len(imports) > len(PACKAGES)
    assert circle(imports) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_among_what_lies_in_a_folder(imports: Imports, package: str) -> None:
    folders = {each.rpartition(".")[0] for each in imports if each.startswith(f"{package}.")}
    assert folders
    assert {folder: found for folder in folders if (found := circle(siblings(imports, folder)))} == {}


def test_circles_are_found() -> None:
    folders = {"p.a.x": {"p.b.y"}, "p.b.z": {"p.a.w"}, "p.a.w": set(), "p.b.y": set()}
    assert circle(folders) == []
    assert set(circle(siblings(folders, "p"))) == {"p.a", "p.b"}
    assert set(circle({"p": {"p.a"}, "p.a": {"p"}})) == {"p", "p.a"}


def python_files(folder: Path) -> Iterator[Path]:
    """The project's own files: not those of environments, builds and tools."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            foreign = path.name.startswith(".") or path.name in ("build", "dist") or (path / "pyvenv.cfg").exists()
            if not foreign:
                yield from python_files(path)
        elif path.suffix == ".py" and not path.parent.as_posix().endswith(GENERATED):
            yield path


def test_no_file_is_too_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(ROOT)}
    assert Path(__file__).relative_to(ROOT) in lengths
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}
