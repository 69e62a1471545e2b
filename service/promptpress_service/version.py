"""Which version this is."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version


@lru_cache(maxsize=1)
def package_version() -> str:
    """The installed version."""
    try:
        return version("promptpress-service")
    except PackageNotFoundError:
        return "0"
