"""Building the units of a passage one by one, each under the unit it belongs to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from promptpress.content.kinds import Kind
from promptpress.content.unit import Join, Unit


class UnitList:
    """Units in reading order. Content types add to it; the index that `add` returns is what other units may require."""

    def __init__(
        self,
        blocks: "Callable[[str, int, int, UnitList], None] | None" = None,
        units_of: Callable[[str], Sequence[Unit]] | None = None,
    ) -> None:
        self.units: list[Unit] = []
        self._parents: list[int] = []
        self._blocks = blocks
        self._units_of = units_of

    def add(
        self,
        start: int,
        end: int,
        kind: Kind,
        *,
        requires: tuple[int, ...] = (),
        join: Join = Join.FLOW,
        structural: bool = False,
    ) -> int:
        """Add `text[start:end]`, behind all units so far, and return its index. It requires the open parent too."""
        parent = tuple(self._parents[-1:])
        self.units.append(Unit(start, end, kind, join, (*parent, *requires), structural))
        return len(self.units) - 1

    def add_blocks(self, text: str, start: int, end: int) -> None:
        """Add the units of `text[start:end]`, which may be of any type: the text inside an element."""
        if self._blocks is None:
            raise ValueError("a list of units for one type only")
        self._blocks(text, start, end, self)

    def units_of(self, text: str) -> Sequence[Unit]:
        """The units of a text by itself, of any type: what a string of JSON says. Nothing is added."""
        if self._units_of is None:
            raise ValueError("a list of units for one type only")
        return self._units_of(text)

    def require(self, index: int, *required: int) -> None:
        """Let the unit at `index` require further units, which may come after it."""
        unit = self.units[index]
        self.units[index] = replace(unit, requires=(*unit.requires, *required))

    def extend(self, units: Sequence[Unit], moved: Callable[[int], int]) -> None:
        """Add units of another text, whose positions in this one are `moved(position)`, under the open parent."""
        first = len(self.units)
        for unit in units:
            requires = tuple(first + each for each in unit.requires)
            start, end = moved(unit.start), moved(unit.end - 1) + 1
            self.add(start, end, unit.kind, requires=requires, join=unit.join, structural=unit.structural)

    @contextmanager
    def under(self, parent: int) -> Iterator[None]:
        """Everything added inside belongs to the unit at `parent` and requires it; what that requires comes with it."""
        self._parents.append(parent)
        try:
            yield
        finally:
            self._parents.pop()
