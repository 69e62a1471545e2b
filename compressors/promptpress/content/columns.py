"""Output in aligned columns, as of `ps` or `kubectl get`: rows require the line with the names of the columns."""

from collections import Counter
from collections.abc import Iterator

import regex

from promptpress.content.line_blocks import FoundBlocks, LineUnits, paragraphs
from promptpress.content.lines import Lines
from promptpress.content.lists import LIST_ITEM
from promptpress.content.logs import LOG_LINE
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_GAP = regex.compile(r"(?<=[^\s.!?:;。])(?:\ ++\|\ ++|\ {2,}+|\t++)(?=\S)")
_RULE = regex.compile(r"\s*+[|+]?+(?=[^\w\n]*?[-=─━]{2})[-=+|─━┼ ]{4,}+$")
_BESIDE = regex.compile(rf"{_RULE.pattern}|\s*\(\d+ rows?\)$")
_RULE_OF_RST = regex.compile(r"\s*=+(?: +=+)+$")
_FEWEST_ROWS = 3
_ALIGNED = 0.6
"""Share of the rows in which a column begins or ends at the same place."""
_SAMPLE = 60
_MOST_TITLES = 2


class Columns(FoundBlocks):
    """A paragraph of which most lines have cells that begin or end in the same columns."""

    name = "columns"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Such paragraphs."""
        for first, stop in paragraphs(lines):
            check()
            if stop - first >= _FEWEST_ROWS and _is_table(lines, first, stop):
                yield first, stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each line; rows require the header."""
        units = LineUnits(text, start, end, out)
        lines = units.lines
        at = 0
        while at < min(_MOST_TITLES, len(lines) - 2) and not _cells(lines, at) > 1 and not lines.matches(_RULE, at):
            units.add(at, at + 1)
            at += 1
        header_end = _header(lines, at)
        header: tuple[int, ...] = ()
        if header_end > at:
            header = (units.add(at, header_end, structural=True),)
        for row in range(max(at, header_end), len(lines)):
            check()
            last_rule = lines.matches(_RULE, row)
            of_table = last_rule or _cells(lines, row) > 1
            index = units.add(row, row + 1, requires=header if of_table else (), structural=last_rule)
            if last_rule and header and row == len(lines) - 1:
                out.require(header[0], index)


def _cells(lines: Lines, at: int) -> int:
    return 1 + len(_GAP.findall(lines.text, *lines.spans[at])) if not lines.blank(at) else 0


def _is_table(lines: Lines, first: int, stop: int) -> bool:
    rows = [at for at in range(first, min(stop, first + _SAMPLE)) if not lines.matches(_BESIDE, at)]
    if lines.matches(_RULE_OF_RST, first):
        return False
    if sum(lines.matches(LIST_ITEM, at) or lines.matches(LOG_LINE, at) for at in rows) > 0.3 * len(rows):
        return False
    with_cells = [at for at in rows if _cells(lines, at) > 1]
    if len(with_cells) < max(_FEWEST_ROWS, 0.7 * len(rows)):
        return False
    edges: Counter[tuple[str, int]] = Counter()
    for at in with_cells:
        line = lines[at].expandtabs(8)
        for gap in regex.finditer(r"(?<=\S)(?: ++\| ++| {2,}+)", line):
            if line[: gap.start()].strip():
                edges["begin", gap.end()] += 1
                edges["end", _cell_end(line, gap.end())] += 1
    if any("\t" in lines[at].strip() for at in with_cells):
        counts = Counter(_cells(lines, at) for at in with_cells)
        return counts.most_common(1)[0][1] >= _ALIGNED * len(with_cells) and len(rows) > _FEWEST_ROWS
    return bool(edges) and max(edges.values()) >= max(_FEWEST_ROWS, _ALIGNED * len(with_cells))


def _cell_end(line: str, start: int) -> int:
    end = line.find("  ", start)
    return len(line.rstrip()) if end < 0 else end


def _header(lines: Lines, at: int) -> int:
    """The line behind the header that begins in line `at`, with the rules around it; `at` itself where there is none."""
    if lines.matches(_RULE, at) and at + 2 < len(lines):
        return at + 3 if lines.matches(_RULE, at + 2) else at
    if lines.matches(_RULE, at + 1):
        return at + 2
    return at + _has_names(lines, at)


def _has_names(lines: Lines, at: int) -> bool:
    """Whether the line names columns: marked as a comment, or of words only, in capitals or above rows with numbers."""
    line = lines[at].strip()
    words = line.split()
    if _cells(lines, at) <= 1:
        return False
    if line.startswith("#"):
        return True
    if any(regex.search(r"\d", word) or not regex.search(r"\p{L}", word) for word in words):
        return False
    body = range(at + 1, min(len(lines), at + 1 + _SAMPLE))
    with_numbers = sum(bool(regex.search(r"\d", lines[row])) for row in body)
    return line.isupper() or with_numbers >= 0.7 * len(body)
