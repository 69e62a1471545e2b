"""Links of the Markdown files lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, documents, links


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_resolve(document: Path) -> None:
    broken = []
    text = document.read_text()
    for link in links(text):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert broken == []


def test_every_document_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md" or not document.exists():
            continue
        reached.add(document)
        names = (link.partition("#")[0] for link in links(document.read_text()) if "://" not in link)
        waiting += [(document.parent / name).resolve() for name in names if name]
    explained = {path for path in documents() if "docs" in path.relative_to(ROOT).parts[:1]}
    assert explained <= reached


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in documents() for name in re.findall(r"(?:`|\$ )make ([a-z-]+)", document.read_text())}
    assert named <= targets
    assert {"serve", "test"} <= named
