"""A long text as many passages: scores should not depend on whether passages come as documents or in one text."""

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex

from promptpress.content.kinds import Kind
from promptpress.content.unit import Join, Passage, Unit

LEAST_PASSAGE = 120
"""Characters below which a block is scored together with the one behind it: too little for a passage of its own."""
LONGEST_TITLE = 100
"""Characters of a line above a block that can be its title."""
_MARKS_OF_HEADING = 12
"""Characters of a heading beside its words: signs before and behind it, an underline."""
_SOURCE = regex.compile(
    r"\s*(?:\[\d{1,3}\]|<(?:doc|document|source|passage|item|result)\b|(?:document|passage|source)\s+\[?\d{1,3}\b)",
    regex.IGNORECASE,
)
_ENDS = regex.compile(r"[.!?。！？؟।;,:：…\"”»)\]}]\s*\Z")


@dataclass(frozen=True)
class Part:
    """Units of a passage, from `first` on, as a passage of their own."""

    first: int
    passage: Passage


@dataclass(frozen=True)
class _Block:
    start: int
    end: int
    title: str
    """What the block brings itself: a heading, or a first line that stands as its title."""
    under: str
    """The headings that it stands under."""
    structured: bool
    opens: bool
    """Whether something new begins here: a section, a titled block, a source."""


def parts_of(passage: Passage) -> list[Part]:
    """The passages that a text consists of: its blank-line blocks, numbered or tagged sources, sections, JSON values.

    A heading or a line that stands as a title above a block is the title of it. A text without such divisions is one part.
    """
    source = passage.source_passage or passage
    if not passage.units or not source.units:
        return []
    blocks = _with_small_ones_joined(_blocks(source))
    if len(blocks) == 1 and not blocks[0].title:
        return [Part(0, passage)]
    starts = [unit.start for unit in passage.units]
    parts = []
    for index, block in enumerate(blocks):
        first = bisect_left(starts, block.start)
        last = len(starts) if index == len(blocks) - 1 else bisect_left(starts, blocks[index + 1].start)
        if first < last:
            title = " ".join(filter(None, (passage.title, block.under, block.title)))
            parts.append(Part(first, _sliced(passage, first, last, title)))
    return parts


def _sliced(passage: Passage, first: int, last: int, title: str) -> Passage:
    start, end = passage.units[first].start, passage.units[last - 1].end
    source = passage.source_passage
    if source is not None:
        inside = [i for i, unit in enumerate(source.units) if unit.start < end and unit.end > start]
        start, end = min(start, source.units[inside[0]].start), max(end, source.units[inside[-1]].end)
    hidden = [(max(a, start) - start, min(b, end) - start) for a, b in passage.hidden if a < end and b > start]
    if source is not None:
        source = Passage(passage.text[start:end], _moved(source.units, inside[0], inside[-1] + 1, start), title, hidden)
    units = _moved(passage.units, first, last, start)
    return Passage(passage.text[start:end], units, title, hidden, source_passage=source)


def _moved(units: Sequence[Unit], first: int, last: int, start: int) -> tuple[Unit, ...]:
    return tuple(
        replace(
            unit,
            start=unit.start - start,
            end=unit.end - start,
            requires=tuple(each - first for each in unit.requires if first <= each < last),
        )
        for unit in units[first:last]
    )


def _blocks(passage: Passage) -> list[_Block]:
    blocks: list[_Block] = []
    path: list[tuple[int, str]] = []
    for first, last in itertools.pairwise([*_starts(passage), len(passage.units)]):
        title = _title_line(passage, first, last)
        heading = _heading(passage, first) or _title_of_all(passage, first, last)
        if heading is not None:
            path = [each for each in path if each[0] < heading[0]]
            title = heading[1]
        blocks.append(
            _Block(
                passage.units[first].start,
                passage.units[last - 1].end,
                title,
                " ".join(text for _, text in path),
                passage.units[first].kind is Kind.JSON_MEMBER,
                bool(title) or _SOURCE.match(passage.text, passage.units[first].start) is not None,
            )
        )
        if heading is not None:
            path.append(heading)
    return blocks


def _starts(passage: Passage) -> list[int]:
    """The first unit of every block."""
    starts = [0]
    text, units, gaps = passage.text, passage.units, passage.gaps
    depth = 0
    for index, unit in enumerate(units):
        if unit.kind is Kind.JSON_MEMBER:
            opens = unit.join is Join.OPEN
            if index and starts[-1] != index and ((opens and depth <= 1) or (depth == 0 and unit.join is Join.FLOW)):
                starts.append(index)
            depth += 1 if opens else -1 if unit.join is Join.CLOSE else 0
        elif index and (text.count("\n", *gaps[index]) >= 2 or _SOURCE.match(text, unit.start, unit.end)):
            starts.append(index)
    return starts


def _heading(passage: Passage, first: int) -> tuple[int, str] | None:
    if passage.units[first].kind is not Kind.HEADING:
        return None
    text = passage.slice(first).strip()
    return len(text) - len(text.lstrip("#")) or 7, text.strip("#=- \n")


def _title_of_all(passage: Passage, first: int, last: int) -> tuple[int, str] | None:
    """The line at the beginning that stands as a title above a first section with a heading of its own."""
    if first or last != 1 or len(passage.units) == 1 or _heading(passage, last) is None:
        return None
    line = passage.slice(first).strip()
    return None if len(line) > LONGEST_TITLE or _ENDS.search(line) else (0, line)


def _title_line(passage: Passage, first: int, last: int) -> str:
    """The first line of a block where it is short, ends like a title and more follows it on the next line."""
    start, end = passage.units[first].start, passage.units[last - 1].end
    line_end = passage.text.find("\n", start, end)
    if passage.units[first].kind is Kind.JSON_MEMBER or line_end < 0 or line_end - start > LONGEST_TITLE:
        return ""
    line = passage.text[start:line_end].strip()
    return "" if not line or (_ENDS.search(line) and not line.endswith((":", "："))) else line.strip("#*: ")


def _with_small_ones_joined(blocks: Sequence[_Block]) -> list[_Block]:
    """Blocks that are long enough for a context of their own; a short one goes with the block behind it.

    Nothing is joined with the beginning of something new, but a heading with what stands under it.
    """
    joined: list[_Block] = []
    pending: _Block | None = None
    for each in blocks:
        block = each
        if pending is not None:
            if block.opens and not _only_title(pending):
                joined.append(pending)
            else:
                title = " ".join(filter(None, (pending.title, block.title)))
                block = replace(block, start=pending.start, title=title, under=pending.under, opens=pending.opens)
            pending = None
        if block.end - block.start < LEAST_PASSAGE and not block.structured:
            pending = block
        else:
            joined.append(block)
    if pending is not None:
        if joined and not pending.opens:
            pending = replace(joined.pop(), end=pending.end)
        joined.append(pending)
    return joined


def _only_title(block: _Block) -> bool:
    """Whether the block is a heading and nothing else."""
    return bool(block.title) and block.end - block.start <= len(block.title) + _MARKS_OF_HEADING
