"""The built distributions: what is in them, and that they work where other packages have our folders' names."""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import httpx2
import pytest

from tests.distribution.conftest import DISTRIBUTIONS, ROOT, run
from tests.ports import free_port

pytestmark = pytest.mark.slow

LIBRARY_FILES = [
    "promptpress/py.typed",
    "promptpress/backends/encoder/minilm_int8_ranges.safetensors",
    "promptpress/backends/cross_encoder/evidence.safetensors",
    "promptpress/backends/cross_encoder/evidence.sha256",
    "promptpress/backends/causal_lm/model/model.safetensors",
    "promptpress/backends/causal_lm/model/tokenizer.json",
    "promptpress/methods/acc_rag/selector.safetensors",
]
SERVICE_FILES = [
    "promptpress_service/py.typed",
    "promptpress_service/grpc_api/proto/promptpress/v1/promptpress.proto",
    "promptpress_service/grpc_api/generated/promptpress_pb2.pyi",
]
SHIP = "The ship was old, and its sails were patched. Colin Archer had built the ship."
CLASHING = 'raise ImportError("this is the {name} package of another project")\n'


def _wheel(folder: Path, package: str) -> Path:
    (wheel,) = folder.glob(f"{package}-*.whl")
    return wheel


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(("package", "files"), [("promptpress", LIBRARY_FILES), ("promptpress_service", SERVICE_FILES)])
def test_a_wheel_holds_its_package_its_data_and_nothing_else(wheels: Path, package: str, files: list[str]) -> None:
    names = _names(_wheel(wheels, package))
    assert set(files) <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {package}
    assert not [name for name in names if "test" in Path(name).name or "__pycache__" in name]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


@pytest.mark.parametrize(("folder", "package"), DISTRIBUTIONS.items())
def test_a_wheel_holds_every_file_of_the_package(wheels: Path, folder: str, package: str) -> None:
    kept = {path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder / package).rglob("*") if path.is_file()}
    kept = {name for name in kept if "__pycache__" not in name}
    assert kept == {name for name in _names(_wheel(wheels, package)) if ".dist-info/" not in name}


@pytest.mark.parametrize("package", DISTRIBUTIONS.values())
def test_the_sdist_builds_the_same_wheel(wheels: Path, dist: Path, package: str) -> None:
    assert _names(_wheel(dist, package)) == _names(_wheel(wheels, package))
    (sdist,) = dist.glob(f"{package}-*.tar.gz")
    with tarfile.open(sdist) as archive:
        root = sdist.name.removesuffix(".tar.gz")
        for name in ("VERSION", "LICENSE"):
            assert archive.getmember(f"{root}/{name}").isreg(), f"{name} is a link"


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that has the wheels, and the dependencies of this one."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False, symlinks=True)
    paths = {"base": str(environment), "platbase": str(environment)}
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # As an entry of sys.path and not of site.addsitedir: the editable installs there stay out.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = Path(sysconfig.get_path("scripts", "venv", vars=paths)) / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        python,
        "install",
        "--no-deps",
    ]
    run([*pip, "--no-index", "--ignore-installed", *sorted(wheels.glob("*.whl"))], environment)
    return python.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose own packages have the names of our folders."""
    for name in ("service", "compressors", "kernels"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(CLASHING.format(name=name))
    return tmp_path


def _environment(project: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROMPTPRESS_")}
    return {**kept, "PYTHONPATH": str(project), **more}


def test_the_library_works_beside_packages_of_these_names(installed: Path, project: Path) -> None:
    program = (
        "import promptpress\n"
        "from promptpress import compress\n"
        "print(promptpress.__file__)\n"
        f"print(compress({SHIP!r}, query='Who built the ship?', target_ratio=0.6).text)\n"
    )
    file, text = run([installed / "python", "-c", program], project, **_environment(project)).splitlines()
    assert Path(file).is_relative_to(installed.parent)
    assert text == "Colin Archer had built the ship."


def test_the_command_names_its_version(installed: Path, project: Path) -> None:
    version = (ROOT / "VERSION").read_text().strip()
    assert run([installed / "promptpress", "--version"], project, **_environment(project)).split()[-1] == version


def test_the_command_serves_beside_packages_of_these_names(installed: Path, project: Path) -> None:
    port = free_port()
    ports = {"PROMPTPRESS_HTTP_PORT": str(port), "PROMPTPRESS_GRPC_PORT": "0", "PROMPTPRESS_METRICS_PORT": "0"}
    log = project / "log"
    with log.open("w") as errors:
        environment = _environment(project, **ports)
        server = subprocess.Popen([installed / "promptpress", "serve"], cwd=project, env=environment, stderr=errors)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(server, url, log)
        body = {"text": SHIP, "query": "Who built the ship?", "target_ratio": 0.6}
        answer = httpx2.post(f"{url}/v1/compress", json=body, timeout=60)
        assert (answer.status_code, answer.json()["text"]) == (200, "Colin Archer had built the ship.")
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, log.read_text()
    finally:
        server.kill()
        server.wait(20)
    assert not re.search("Traceback", log.read_text())


def _wait_until_ready(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server did not become ready: {log.read_text()}")
