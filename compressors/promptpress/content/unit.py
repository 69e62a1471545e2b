"""The pieces a text is made of: units that may be kept or dropped, and the gaps between them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from promptpress.content.kinds import LINE_KINDS, Kind
from promptpress.text.spans import Span


class Join(StrEnum):
    """How a unit attaches to its neighbours when units between them are dropped."""

    FLOW = "flow"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing a method may keep or drop: `text[start:end]` of one passage.

    `requires` are indices of units of the same passage without which this one would not stand: the header of a table's
    row, the brackets around a JSON member. A unit with `structural` set is only ever kept because another requires it.
    """

    start: int
    end: int
    kind: Kind = Kind.SENTENCE
    join: Join = Join.FLOW
    requires: tuple[int, ...] = ()
    structural: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """What `text[start:end]` of a passage is replaced by; an empty `text` deletes it."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class Passage:
    """One text and its units, ordered and disjoint. Units and the gaps between them partition the text exactly."""

    text: str
    units: Sequence[Unit]
    title: str = ""
    hidden: Sequence[Span] = field(default=())
    """Spans that are never part of any output: the `<keep>` tags themselves."""
    replaced: Sequence[Replacement] = field(default=())
    """What a method has rewritten, each inside one unit; sorted, disjoint, apart from `hidden`."""
    source_passage: "Passage | None" = None
    """The passage before its units were divided into fragments."""

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """All that scores and vectors depend on, as parts of a cache's key.

        Units are in it, as they do not follow from the text alone: a part of a longer text is divided as that text is.
        """
        units = ",".join(f"{unit.start}-{unit.end}{unit.kind}{unit.structural:d}" for unit in self.units)
        return self.title, self.text, repr(list(self.hidden)), units

    @cached_property
    def gaps(self) -> list[Span]:
        """`len(units) + 1` spans: before the first unit, between each pair, after the last."""
        edges = [0, *(edge for unit in self.units for edge in (unit.start, unit.end)), len(self.text)]
        return list(zip(edges[::2], edges[1::2], strict=True))

    def slice(self, index: int) -> str:
        """The text of one unit in the original."""
        unit = self.units[index]
        return self.text[unit.start : unit.end]

    def written(self, start: int, end: int) -> str:
        """`text[start:end]` with what lies inside replaced; tags that are hidden are still there."""
        pieces, at = [], start
        for each in self.replacements(start, end):
            pieces += [self.text[at : each.start], each.text]
            at = each.end
        return "".join([*pieces, self.text[at:end]])

    def replacements(self, start: int, end: int) -> Sequence[Replacement]:
        """What was replaced inside `text[start:end]`."""
        first = bisect_left(self._replaced_starts, start)
        last = bisect_left(self._replaced_starts, end)
        return [each for each in self.replaced[first:last] if each.end <= end]

    @cached_property
    def _replaced_starts(self) -> list[int]:
        return [each.start for each in self.replaced]


def line_unit_fraction(passages: Sequence[Passage]) -> float:
    """Share of the units that are chat turns or log lines, 0 to 1."""
    kinds = [unit.kind in LINE_KINDS for passage in passages for unit in passage.units]
    return sum(kinds) / max(1, len(kinds))
