"""One version, wherever it is written."""

from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import promptpress
from promptpress_service.version import package_version

ROOT = Path(__file__).parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()


@pytest.mark.parametrize("distribution", ["promptpress", "promptpress-service", "promptpress-kernels"])
def test_each_distribution_is_of_this_version(distribution: str) -> None:
    assert version(distribution) == VERSION


def test_the_packages_name_the_version() -> None:
    assert promptpress.__version__ == VERSION
    assert package_version() == VERSION


def test_openapi_names_the_version(server: str) -> None:
    import httpx2

    assert httpx2.get(f"{server}/openapi.json").json()["info"]["version"] == VERSION


def test_the_service_asks_for_the_library_of_its_own_version() -> None:
    needed = next(r for r in map(Requirement, requires("promptpress-service") or []) if r.name == "promptpress")
    assert f">={VERSION}" in str(needed.specifier)
    assert VERSION in needed.specifier
    following = Version(VERSION)
    assert f"{following.major}.{following.minor + 1}" not in needed.specifier


def test_the_changelog_has_this_version() -> None:
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()
