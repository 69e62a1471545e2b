"""What types of tool output share: blocks that are found once in a text, and units that are whole lines."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList


class FoundBlocks(BlockType):
    """A type whose blocks are found by a look at the whole text, once."""

    @abstractmethod
    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """The first line of each block and the line behind its last; in order, disjoint, not blank at their edges."""

    def _ends(self, lines: Lines) -> Mapping[int, int]:
        return lines.once(self.name, lambda all_lines: dict(self.find(all_lines)))

    def holds(self, lines: Lines) -> bool:
        """Whether there is any block of this type."""
        return bool(self._ends(lines))

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a block begins with this line."""
        return at in self._ends(lines)

    def block(self, lines: Lines, at: int) -> int:
        """The lines of the block that begins here."""
        return self._ends(lines).get(at, at) - at


class LineUnits:
    """Adds units that are whole lines of a block, with their indentation."""

    def __init__(self, text: str, start: int, end: int, out: UnitList) -> None:
        self.lines = Lines(text[start:end])
        self._start = start
        self._out = out

    def add(
        self,
        first: int,
        stop: int,
        *,
        kind: Kind = Kind.TABLE_ROW,
        requires: tuple[int, ...] = (),
        structural: bool = False,
    ) -> int:
        """Add the lines from `first` to before `stop`, without blank ones at the end."""
        while stop - 1 > first and self.lines.blank(stop - 1):
            stop -= 1
        start, end = self._start + self.lines.spans[first][0], self._start + self.lines.spans[stop - 1][1]
        return self._out.add(start, end, kind, requires=requires, structural=structural)

    def length(self, first: int, stop: int) -> int:
        """Characters of the lines from `first` to before `stop`."""
        return self.lines.spans[stop - 1][1] - self.lines.spans[first][0]


def paragraphs(lines: Lines) -> Iterator[tuple[int, int]]:
    """The first line of each run of lines that are not blank, and the line behind its last."""
    first: int | None = None
    for index in range(len(lines)):
        if lines.blank(index):
            if first is not None:
                yield first, index
            first = None
        elif first is None:
            first = index
    if first is not None:
        yield first, len(lines)
