"""A long text as many passages: what a method scores should not depend on whether passages come as documents or in one text."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex

from promptpress.content.unit import Join, Kind, Passage

LEAST_PASSAGE = 120
"""Characters below which a block is scored together with the one behind it: too little for a passage of its own."""
LONGEST_TITLE = 100
_SOURCE = regex.compile(
    r"\s*(?:\[\d{1,3}\]|<(?:doc|document|source|passage|item|result)\b|(?:document|passage|source)\s+\[?\d{1,3}\b)", regex.IGNORECASE
)
_ENDS = regex.compile(r"[.!?。！？؟।;,:：…\"”»)\]}]\s*\Z")


@dataclass(frozen=True)
class Part:
    """Units `first` to `last` (exclusive) of a passage, as a passage of their own."""

    first: int
    last: int
    passage: Passage


def parts_of(passage: Passage) -> list[Part]:
    """The passages that a text consists of: its blank-line blocks, numbered or tagged sources, sections, JSON values.

    A heading or a line that stands as a title above a block is the title of it. A text without such divisions is one part.
    """
    if not passage.units:
        return []
    starts = _starts(passage)
    parts: list[Part] = []
    path: list[tuple[int, str]] = []
    for first, last in itertools.pairwise([*starts, len(passage.units)]):
        heading = _heading(passage, first, last)
        if heading is not None:
            level, text = heading
            path = [*(each for each in path if each[0] < level), (level, text)]
        title = " ".join(filter(None, [passage.title, *(text for _, text in path)])) if path else passage.title
        own = _title_line(passage, first, last)
        parts.append(_part(passage, first, last, own or title))
    return _with_small_ones_joined(passage, parts)


def _starts(passage: Passage) -> list[int]:
    """The first unit of every block."""
    starts = [0]
    text, units, gaps = passage.text, passage.units, passage.gaps
    depth = 0
    for index, unit in enumerate(units):
        if unit.kind is Kind.JSON_MEMBER:
            if index and unit.join is Join.OPEN and depth <= 1 and starts[-1] != index:
                starts.append(index)
            elif index and depth == 0 and unit.join is Join.FLOW:
                starts.append(index)
            depth += {Join.OPEN: 1, Join.CLOSE: -1}.get(unit.join, 0)
            continue
        if index and (text.count("\n", *gaps[index]) >= 2 or _SOURCE.match(text, unit.start, unit.end)) and starts[-1] != index:
            starts.append(index)
    return starts


def _heading(passage: Passage, first: int, last: int) -> tuple[int, str] | None:
    unit = passage.units[first]
    if unit.kind is not Kind.HEADING:
        return None
    text = passage.slice(first).strip()
    level = len(text) - len(text.lstrip("#"))
    return level or 7, text.strip("#=- \n")


def _title_line(passage: Passage, first: int, last: int) -> str:
    """The first line of a block where it is short, ends like a title and more follows it on the next line."""
    start, end = passage.units[first].start, passage.units[last - 1].end
    line_end = passage.text.find("\n", start, end)
    if passage.units[first].kind is Kind.JSON_MEMBER or line_end < 0 or line_end - start > LONGEST_TITLE:
        return ""
    line = passage.text[start:line_end].strip()
    return "" if not line or (_ENDS.search(line) and not line.endswith((":", "："))) else line.strip("#*: ")


def _part(passage: Passage, first: int, last: int, title: str) -> Part:
    start, end = passage.units[first].start, passage.units[last - 1].end
    units = tuple(
        replace(
            unit,
            start=unit.start - start,
            end=unit.end - start,
            requires=tuple(each - first for each in unit.requires if first <= each < last),
        )
        for unit in passage.units[first:last]
    )
    source = None
    hidden = [(max(a, start) - start, min(b, end) - start) for a, b in passage.hidden if a < end and b > start]
    return Part(first, last, Passage(passage.text[start:end], units, title, hidden, source_passage=source) if False else Passage(passage.text[start:end], units, title, hidden))


def _with_small_ones_joined(passage: Passage, parts: Sequence[Part]) -> list[Part]:
    """Parts that are long enough for a context of their own; a short one goes with the part behind it."""
    joined: list[Part] = []
    pending: Part | None = None
    for part in parts:
        if pending is not None:
            title = pending.passage.title if pending.passage.title != passage.title else part.passage.title
            part, pending = _part(passage, pending.first, part.last, title), None
        if len(part.passage.text) < LEAST_PASSAGE and passage.units[part.first].kind is not Kind.JSON_MEMBER:
            pending = part
        else:
            joined.append(part)
    if pending is not None:
        if joined:
            last = joined.pop()
            pending = _part(passage, last.first, pending.last, last.passage.title)
        joined.append(pending)
    return joined
