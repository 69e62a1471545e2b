"""Tables of reStructuredText and of plain text: ruled with `====` or drawn as a grid."""

from collections.abc import Sequence
from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import Span, trim_lines

_RULE = regex.compile(r"[ \t]*[=\-]{2,}(?:[ \t]+[=\-]{2,})+[ \t]*$")
_GRID = regex.compile(r"[ \t]*\+(?:[-=]{2,}\+)+[ \t]*$")
_LEAST_ROWS = 2


class RuledTable(BlockType):
    """Columns between rules: one above the header, one below it and one at the end, or only the one below the header."""

    name: ClassVar[str] = "ruled_table"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a table begins with the line."""
        return (
            lines.matches(_GRID, at)
            or lines.matches(_RULE, at)
            or (lines.matches(_RULE, at + 1) and not lines.blank(at) and "=" in lines[at + 1])
        )

    def block(self, lines: Lines, at: int) -> int:
        """All lines up to the last rule or the blank line."""
        ruled = lines.matches(_RULE, at) or lines.matches(_GRID, at)
        if not self.begins(lines, at) or (ruled and (lines.matches(_RULE, at + 1) or lines.matches(_GRID, at + 1))):
            return 0
        count = 1
        while at + count < len(lines) and not lines.blank(at + count):
            count += 1
        rules = sum(lines.matches(_RULE, at + i) or lines.matches(_GRID, at + i) for i in range(count))
        return count if rules and count - rules >= _LEAST_ROWS else 0

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The header with its rules, the rows, and the rule at the end, which stays with the header."""
        rows = trim_lines(text, start, end)
        grid = _GRID.match(text, *rows[0]) is not None
        rules = [index for index, row in enumerate(rows) if (_GRID if grid else _RULE).match(text, *row)]
        below = next((index for index in rules if index > 0), 0)
        last = rules[-1] == len(rows) - 1 and rules[-1] > below
        body = _grid_rows(rows, rules, below) if grid else _with_rules(rows, rules, below, last)
        header = out.add(rows[0][0], rows[below][1], Kind.TABLE_ROW, structural=bool(body))
        with out.under(header):
            for row in body:
                out.add(*row, Kind.TABLE_ROW)
            if last and not grid:
                out.require(header, out.add(*rows[-1], Kind.TABLE_ROW, join=Join.FLOW, structural=True))


def _with_rules(rows: Sequence[Span], rules: Sequence[int], below: int, last: bool) -> list[Span]:
    """Rows of text; a rule between them goes with the row above it."""
    body: list[Span] = []
    for index in range(below + 1, len(rows) - last):
        if index in rules and body:
            body[-1] = (body[-1][0], rows[index][1])
        else:
            body.append(rows[index])
    return body


def _grid_rows(rows: Sequence[Span], rules: Sequence[int], below: int) -> list[Span]:
    """Rows of a grid, of one or several lines, each with the rule below it."""
    body: list[Span] = []
    begin = below + 1
    for index in range(below + 1, len(rows)):
        if index in rules or index == len(rows) - 1:
            body.append((rows[begin][0], rows[index][1]))
            begin = index + 1
    return body
