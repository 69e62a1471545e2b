"""Delimited tables without Markdown rules: CSV, TSV and semicolon files."""

import csv
from collections import Counter

from promptpress.text.spans import Span

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_ROWS = 60


def delimited_rows(text: str, lines: list[Span]) -> list[Span] | None:
    """Rows of the text if it is one delimited table with at least two rows of data, else None; a Markdown table is not one.

    A row is a span of one or more lines (a quoted cell may hold a line break). The first row is the header.
    """
    filled = [line for line in lines if text[line[0] : line[1]].strip()]
    if len(filled) < 3 or not text[slice(*filled[1])].strip("|-: \t"):
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
        if text.count('"', start, line_end) % 2 == 0 or line_end - start > 10_000:
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
