"""Quotations of Markdown and e-mail: lines that begin with `>`, at any depth."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import regex

from promptpress.content.base import DEEPEST, Container, UnitsOf
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.scopes import Level, Scope
from promptpress.content.unit import Join, Unit
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_MARK = regex.compile(r"[ ]{0,3}(?:>[ \t]?)+")
_SPEAKER = regex.compile(r"[\p{L}][\p{L}\p{N}_.'\-]{0,19}(?:[ ][\p{L}][\p{L}\p{N}_.'\-]{0,19})?:[ \t]+(?=\S)")
_PROMPT = regex.compile(r"[ ]{0,3}>{3}[ ](?:[\w.]+\s*[=(]|import\b|from\b|print\b|for\b)|[ ]{0,3}>[=\d]")
_LONGEST_QUOTED = 600
"""Characters of a quotation up to which a reply below it brings its first sentence."""
_LONGEST_REPLY = 800
"""Characters below a quotation that are taken for a reply to it."""
_INTERLEAVED = 2
"""Quotations from which on the text between them is taken for replies."""


class Quotes(Container):
    """Consecutive lines that begin with `>`. The mark of its line is kept with every sentence."""

    name: ClassVar[str] = "quotes"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line begins with the mark; the prompts of Python and comparisons are none."""
        return lines.depth < DEEPEST and lines.matches(_MARK, at) and not lines.matches(_PROMPT, at)

    def block(self, lines: Lines, at: int) -> int:
        """All lines with a mark."""
        count = 0
        while self.begins(lines, at + count):
            count += 1
        return count

    def scope(self, lines: Lines, start: int, end: int) -> Scope | None:
        """Replies below, where a text has several quotations."""
        if end - start > _LONGEST_QUOTED or lines.once("quotations", self._count) < _INTERLEAVED:
            return None
        return Scope(Level.QUOTE, longest=_LONGEST_REPLY)

    def contents(self, lines: Lines, start: int, end: int, out: UnitList, units_of: UnitsOf) -> None:
        """The lines of each depth as a text of their own, and a mark before every line on which a unit begins.

        A deeper quotation requires the line that says who wrote it.
        """
        attribution: int | None = None
        depth = 0
        runs = _runs(lines, lines.index_at(start), lines.index_at(end))
        if not runs:
            out.add(*trim(lines.text, start, end), Kind.SENTENCE)
        for run in runs:
            above = None if run.depth <= depth else attribution
            if above is not None and out.units[above].kind is Kind.HEADING:
                out.units[above] = replace(out.units[above], structural=True)
            last = _add_run(run, lines.text, out, units_of, () if above is None else (above,))
            depth = run.depth
            attribution = last if last is not None and lines.text[out.units[last].end - 1] in ":：" else None

    def _count(self, lines: Lines) -> int:
        marked = [self.begins(lines, at) for at in range(len(lines))]
        return sum(each and not (at and marked[at - 1]) for at, each in enumerate(marked))


@dataclass
class _Run:
    """Lines of one depth."""

    depth: int
    lines: list[tuple[int, int, int]] = field(default_factory=list)
    """Where the mark, the text and the end of each line are."""


def _runs(lines: Lines, first: int, last: int) -> Sequence[_Run]:
    runs: list[_Run] = []
    blank: int | None = None
    for index in range(first, last + 1):
        start, end = lines.spans[index]
        match = _MARK.match(lines.text, start, end)
        content = match.end() if match else start
        depth = match.group().count(">") if match else 0
        if not lines.text[content:end].strip():
            if runs and runs[-1].depth == depth and blank is None:
                runs[-1].lines.append((start, content, end))
            else:
                blank = start if blank is None else blank
            continue
        if not runs or runs[-1].depth != depth:
            runs.append(_Run(depth))
        # Marks alone end a deeper quotation, and stay with the line behind them.
        runs[-1].lines.append((start if blank is None else blank, content, end))
        blank = None
    if blank is not None and runs:
        runs[-1].lines.append((blank, lines.spans[last][1], lines.spans[last][1]))
    for run in runs:
        _move_speaker(lines.text, run)
    return runs


def _move_speaker(text: str, run: _Run) -> None:
    """Count a name before the first sentence to the mark where the quotation is one line."""
    filled = [index for index, line in enumerate(run.lines) if line[1] < line[2]]
    if len(filled) == 1:
        start, content, end = run.lines[filled[0]]
        if speaker := _SPEAKER.match(text, content, end):
            run.lines[filled[0]] = (start, speaker.end(), end)


def _add_run(run: _Run, text: str, out: UnitList, units_of: UnitsOf, requires: tuple[int, ...]) -> int | None:
    """Add marks and units of a run in the order in which they stand; the index of the last unit."""
    inner = "\n".join(text[content:end] for _, content, end in run.lines)
    starts = list(itertools.accumulate((end - content + 1 for _, content, end in run.lines), initial=0))
    units = units_of(inner)
    line_of = [bisect_right(starts, unit.start) - 1 for unit in units]
    inside = {
        line for unit, first in zip(units, line_of, strict=True) for line in range(first + 1, _last_line(starts, unit) + 1)
    }
    marks = [line for line in range(len(run.lines)) if line not in inside]
    order = sorted([*((line, -1) for line in marks), *((line, index) for index, line in enumerate(line_of))])
    first_index = len(out.units)
    places = {each: first_index + place for place, each in enumerate(order)}
    for line, index in order:
        start, content, _ = run.lines[line]
        if index < 0:
            out.add(start, content, Kind.SENTENCE, requires=requires, join=Join.OPEN, structural=True)
            continue
        unit = units[index]
        mark = marks[bisect_right(marks, line) - 1]
        needed = (places[mark, -1], *(places[line_of[each], each] for each in unit.requires))
        last = _last_line(starts, unit)
        end = run.lines[last][1] + unit.end - starts[last]
        out.add(
            content + unit.start - starts[line], end, unit.kind, requires=needed, join=unit.join, structural=unit.structural
        )
    return places[line_of[-1], len(units) - 1] if units else None


def _last_line(starts: Sequence[int], unit: Unit) -> int:
    return bisect_right(starts, unit.end - 1) - 1
