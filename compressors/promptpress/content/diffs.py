"""Unified diffs: the changes of each file kept or dropped whole."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_DIFF = regex.compile(r"diff --git |@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|Index: \S")
_DIFF_BODY = regex.compile(
    r"[+\- @\\]|$|diff --git |index |old mode|new mode|similarity|rename|new file|deleted file|Binary"
)
_FILE_HEADS = ("diff --git ", "Index: ")


class Diffs(BlockType):
    """The header of a file and its hunks."""

    name: ClassVar[str] = "diffs"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is the head of a file or a hunk."""
        return lines.matches(_DIFF, at)

    def block(self, lines: Lines, at: int) -> int:
        """Up to the next file."""
        header = lines.startswith(("--- ",), at) and lines.startswith(("+++ ",), at + 1)
        if not header and not self.begins(lines, at):
            return 0
        count = 1
        while lines.matches(_DIFF_BODY, at + count) and not lines.startswith(_FILE_HEADS, at + count):
            count += 1
        while count > 1 and lines.blank(at + count - 1):
            count -= 1
        return count

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.CODE)
