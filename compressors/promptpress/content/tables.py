"""Tables: of Markdown among other blocks, and delimited ones (CSV, TSV, semicolons) as whole texts."""

import csv
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import regex

from promptpress.content.base import BlockType, WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import Span, trim_lines

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_ROWS = 60
_FEWEST_LINES = 3
_LONGEST_ROW = 10_000
"""Characters after which a row ends even where a quote is still open."""


_RULE = regex.compile(
    r"\s*+(?:\|\s*+)?+:?+-{2,}+:?+\s*+(?:\|\s*+:?+-{2,}+:?+\s*+)++\|?+\s*+$|\s*+\|\s*+:?+-{2,}+:?+\s*+\|\s*+$"
)


_MOST_HEADERS = 4
"""Rows that may stand above the rule of a table."""


class MarkdownTable(BlockType):
    """One or several rows of header, a rule below them, and rows with bars."""

    name: ClassVar[str] = "markdown_table"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a rule follows the line, or the other rows of a header and then the rule."""
        return _headers(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """Header, rule, and all rows that follow."""
        headers = _headers(lines, at)
        if not headers:
            return 0
        count = headers + 1
        while at + count < len(lines) and "|" in lines[at + count]:
            count += 1
        return count

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The header with its rule, and the rows, which require it."""
        rows = trim_lines(text, start, end)
        rule = next(index for index, row in enumerate(rows) if _RULE.match(text, *row))
        _add_rows([(rows[0][0], rows[rule][1]), *rows[rule + 1 :]], out)


def _headers(lines: Lines, at: int) -> int:
    """How many rows stand above a rule; 0 if it is no table."""
    if "|" not in lines[at] or lines.matches(_RULE, at):
        return 0
    if lines.matches(_RULE, at + 1):
        return 1
    count = 1
    while count < _MOST_HEADERS and lines.startswith(("|",), at + count - 1) and lines.startswith(("|",), at + count):
        count += 1
        if lines.matches(_RULE, at + count):
            return count
    return 0


class DelimitedTable(WholeText):
    """A table with at least two rows of data; a row may be several lines, as a quoted cell may hold a line break."""

    name: ClassVar[str] = "delimited_table"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """The first row, which is the header, and the others, which require it."""
        rows = _delimited_rows(lines.text, lines.spans)
        if not rows:
            return False
        _add_rows(rows, out)
        return True


def _add_rows(rows: Sequence[Span], out: UnitList) -> None:
    header, *body = rows
    with out.under(out.add(*header, Kind.TABLE_ROW, structural=bool(body))):
        for row in body:
            out.add(*row, Kind.TABLE_ROW)


def _delimited_rows(text: str, lines: list[Span]) -> list[Span] | None:
    """Rows of the text if it is one delimited table, else None; a Markdown table is not one."""
    filled = [line for line in lines if text[line[0] : line[1]].strip()]
    if len(filled) < _FEWEST_LINES or not text[slice(*filled[1])].strip("|-: \t"):
        return None
    for delimiter in DELIMITERS:
        if text.count(delimiter, *filled[0]):
            rows = _rows(text, filled)
            if rows and _is_regular(text, rows, delimiter):
                return rows
    return None


def _rows(text: str, lines: list[Span]) -> list[Span]:
    rows: list[Span] = []
    start: int | None = None
    for line_start, line_end in lines:
        start = line_start if start is None else start
        # An odd number of quotes leaves a cell open, which the next line goes on with.
        if text.count('"', start, line_end) % 2 == 0 or line_end - start > _LONGEST_ROW:
            rows.append((start, line_end))
            start = None
    if start is not None:
        rows.append((start, lines[-1][1]))
    return rows


def _is_regular(text: str, rows: list[Span], delimiter: str) -> bool:
    sample = rows[:_SAMPLE_ROWS]
    try:
        cells = [next(csv.reader([text[start:end].replace("\n", " ")], delimiter=delimiter)) for start, end in sample]
    except (csv.Error, StopIteration):
        return False
    columns, occurrences = Counter(len(row) for row in cells).most_common(1)[0]
    if columns < (3 if delimiter == "," else 2) or occurrences < 0.9 * len(sample) or len(cells[0]) != columns:
        return False
    # Statements of a programming language end in a semicolon, and so in an empty cell.
    if delimiter == ";" and sum(not row[-1].strip() for row in cells) >= 0.8 * len(cells):
        return False
    # Prose has commas too, but its "cells" are long, and a comma is followed by a space.
    spaced = sum(text.count(delimiter + " ", start, end) for start, end in sample)
    total = sum(text.count(delimiter, start, end) for start, end in sample)
    lengths = [len(cell) for row in cells for cell in row]
    return spaced <= 0.5 * total and sum(lengths) <= 60 * len(lengths)
