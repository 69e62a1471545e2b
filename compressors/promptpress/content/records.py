"""Records that follow each other: each is one unit if it is short, and else its head and the fields that require it."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from promptpress.content.base import BlockType, WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines, split_lines
from promptpress.content.nested import WHOLE
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span, trim

LONG_LINE = 400
"""Characters of a field above which its sentences are units."""

_LEAST_COVERED = 0.6


class RecordType(WholeText, BlockType):
    """A type whose blocks are found in one pass over the text. A block is one record."""

    fewest: ClassVar[int] = 2
    """So many records make a text of records."""

    @abstractmethod
    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """First line of each record and the line behind its last; in order, not overlapping."""

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Whether most lines are of records: then it is no code, whatever it looks like."""
        if sum(self._found(lines).values()) < _LEAST_COVERED * len(lines):
            return False
        out.add_blocks(lines.text, 0, len(lines.text))
        return True

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a record begins with the line."""
        return at in self._found(lines)

    def block(self, lines: Lines, at: int) -> int:
        """The lines of the record that begins here."""
        return self._found(lines).get(at, 0)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The record as one unit, or its first line and the others, which require it."""
        add_record(text, start, end, 1, out)

    def _found(self, lines: Lines) -> dict[int, int]:
        if self.name not in lines.found:
            records = list(self.find(lines))
            lines.found[self.name] = {a: b - a for a, b in records} if len(records) >= self.fewest else {}
        return lines.found[self.name]


def add_record(text: str, start: int, end: int, head_lines: int, out: UnitList) -> int:
    """Add a record and return the index of its first unit. The first `head_lines` lines, blank ones not counted, are the
    head     of a long one; the sentences of a long line are units."""
    if end - start <= WHOLE:
        return out.add(start, end, Kind.RECORD)
    lines = [(start + a, start + b) for a, b in split_lines(text[start:end]) if text[start + a : start + b].strip()]
    head_lines = min(head_lines, len(lines))
    opening = out.add(start, lines[head_lines - 1][1], Kind.RECORD, structural=head_lines < len(lines))
    with out.under(opening):
        add_lines(text, lines[head_lines:], out)
    return opening


def add_lines(text: str, lines: Sequence[Span], out: UnitList) -> None:
    """Add each line as a unit, and each sentence of a long one."""
    for a, b in lines:
        check()
        if b - a <= LONG_LINE:
            out.add(a, b, Kind.RECORD)
            continue
        first, *rest = sentence_spans(text, *trim(text, a, b))
        with out.under(out.add(a, first[1], Kind.RECORD)):
            for span in rest:
                out.add(*span, Kind.SENTENCE)
