"""Headings of Markdown."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_HEADING = regex.compile(r"[ ]{0,3}#{1,6}\s+\S")


class Headings(BlockType):
    """A line that begins with one to six number signs."""

    name: ClassVar[str] = "headings"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is a heading."""
        return lines.matches(_HEADING, at)

    def block(self, lines: Lines, at: int) -> int:
        """The line."""
        return int(self.begins(lines, at))

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.HEADING)
