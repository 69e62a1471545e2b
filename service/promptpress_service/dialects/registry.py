"""The dialects that are served, and which of them a path belongs to."""

from collections.abc import Sequence
from typing import Any

from promptpress_service.dialects.base import Dialect
from promptpress_service.dialects.native import NATIVE

DIALECTS: tuple[Dialect[Any], ...] = (NATIVE,)
"""One line for each dialect."""


class DialectTable:
    """Finds the dialect of a path. Paths that no dialect names, such as `/v1/methods`, are the native one's."""

    def __init__(self, dialects: Sequence[Dialect[Any]] = DIALECTS) -> None:
        """Raises ValueError where two dialects name the same path."""
        self.dialects = tuple(dialects)
        self._by_path: dict[str, Dialect[Any]] = {}
        for dialect in self.dialects:
            for path in dialect.paths:
                if self._by_path.setdefault(path, dialect) is not dialect:
                    raise ValueError(f"{path} belongs to {self._by_path[path].name} and to {dialect.name}")

    def of(self, path: str) -> Dialect[Any]:
        """The dialect in which requests to `path` are answered."""
        return self._by_path.get(path, NATIVE)

    def named(self, path: str) -> Dialect[Any] | None:
        """The dialect that names `path` as one of its own."""
        return self._by_path.get(path)

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all dialects."""
        return frozenset(self._by_path)
