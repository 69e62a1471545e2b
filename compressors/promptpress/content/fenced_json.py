"""JSON inside the fences of Markdown: its members may be dropped, the fences stay around what is kept."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.fences import Fences
from promptpress.content.json import parses, values_of
from promptpress.content.json_units import ATOMIC_LENGTH, literal_units
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.literals import Literal
from promptpress.content.unit import Join, Passage
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_LEAST_LINES = 3
"""Both fences and a line between them."""
_DATA = regex.compile(
    r"[ ]{0,3}(?:`{3,}|~{3,})[ \t]*(?:json[5cl]?|jsonlines|ndjson|js|javascript|py|python|)[ \t]*$", regex.IGNORECASE
)


class FencedJson(BlockType):
    """A fenced block that holds one long JSON value or several. Others are code."""

    name: ClassVar[str] = "fenced_json"

    def block(self, lines: Lines, at: int) -> int:
        """As many lines as the fences take, if what they enclose is data as a whole."""
        if not lines.matches(_DATA, at):
            return 0
        count = Fences().block(lines, at)
        if count < _LEAST_LINES:
            return 0
        start, end = lines.spans[at][0], lines.spans[at + count - 1][1]
        return count if end - start > ATOMIC_LENGTH and _values(lines.text, start, end) else 0

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Both fences, which the values between them require, and the units of the values."""
        opening_end, closing_start = _inside(text, start, end)
        opening = out.add(start, trim(text, start, opening_end)[1], Kind.CODE, join=Join.OPEN, structural=True)
        values = _values(text, start, end)
        with out.under(opening):
            for value in values:
                literal_units(text, value, out, only=len(values) == 1)
            closing = out.add(closing_start, end, Kind.CODE, join=Join.CLOSE, structural=True)
        out.require(opening, closing)

    def check(self, passage: Passage, text: str) -> bool:
        """As many fenced values as there were units for do parse."""
        if not any(unit.kind is Kind.CODE and unit.join is Join.OPEN for unit in passage.units):
            return True
        return _broken(text) <= _broken(passage.text)


def _broken(text: str) -> int:
    """How many fenced blocks hold something else than JSON."""
    lines, fences = Lines(text), Fences()
    broken = at = 0
    while at < len(lines):
        count = fences.block(lines, at) if fences.begins(lines, at) else 0
        if count > 1:
            inside = _inside(text, lines.spans[at][0], lines.spans[at + count - 1][1])
            broken += not parses(text[slice(*inside)])
        at += max(1, count)
    return broken


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """What lies between the first and the last line of a block."""
    return text.find("\n", start, end) + 1, text.rfind("\n", start, end) + 1


def _values(text: str, start: int, end: int) -> list[Literal]:
    inside = _inside(text, start, end)
    values = values_of(text, *inside)
    return values if all(value.complete for value in values) else []
