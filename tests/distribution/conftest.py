"""The distributions, built once from a copy of the sources, so that nothing is left in the checkout."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = {"compressors": "promptpress", "service": "promptpress_service", "kernels": "promptpress_kernels"}
"""Folder of each distribution, and the import package inside it."""


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> str:
    """The standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=folder, env=environment or None, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the distributions are built from, laid out as in the repository."""
    copy = tmp_path_factory.mktemp("sources")
    for name in ("VERSION", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    for folder in DISTRIBUTIONS:
        ignored = shutil.ignore_patterns("build", "dist", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=ignored)
    return copy


@pytest.fixture(scope="session")
def dist(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of each distribution, and the wheel that was built from that sdist."""
    output = tmp_path_factory.mktemp("dist")
    for folder in DISTRIBUTIONS:
        run([sys.executable, "-m", "build", "--no-isolation", "--outdir", output, folder], sources)
    return output


@pytest.fixture(scope="session")
def wheels(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of each distribution, built from the tree by pip."""
    output = tmp_path_factory.mktemp("wheels")
    folders = [f"./{folder}" for folder in DISTRIBUTIONS]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    run([*pip, "--wheel-dir", output, *folders], sources)
    return output
