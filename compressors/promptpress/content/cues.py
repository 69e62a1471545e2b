"""Subtitles (WebVTT, SRT): each cue with its number and times."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.records import RecordType
from promptpress.content.unit_list import UnitList

CUE_TIME = regex.compile(r"\s*(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3}\s*-->\s*(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3}")


class Cues(RecordType):
    """A line of two times with what is said below it, and the number or name of the cue above it."""

    name: ClassVar[str] = "cues"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each cue, to the next blank line."""
        for index in range(len(lines)):
            if not lines.matches(CUE_TIME, index):
                continue
            named = index > 0 and not lines.blank(index - 1) and (index == 1 or lines.blank(index - 2))
            end = index + 1
            while end < len(lines) and not lines.blank(end) and not lines.matches(CUE_TIME, end):
                end += 1
            yield (index - 1 if named else index), end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(start, end, Kind.RECORD)
