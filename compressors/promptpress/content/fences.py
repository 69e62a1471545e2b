"""Fenced code blocks of Markdown: kept or dropped whole, with both fences."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit import Passage
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_FENCE = regex.compile(r"[ ]{0,3}(?P<mark>`{3,}|~{3,})")
_FENCE_LINE = regex.compile(r"^[ ]{0,3}(?:```|~~~)", regex.MULTILINE)


class Fences(BlockType):
    """A fence, what it encloses, and the fence that closes it."""

    name: ClassVar[str] = "fences"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is a fence."""
        return lines.matches(_FENCE, at)

    def block(self, lines: Lines, at: int) -> int:
        """Up to the closing fence; to the end of the text where there is none."""
        opening = _FENCE.match(lines.text, *lines.spans[at])
        if not opening:
            return 0
        mark = opening["mark"]
        for index in range(at + 1, len(lines)):
            line = lines[index].strip()
            if line.startswith(mark) and not line.strip(mark[0]):
                return index - at + 1
        # No partner. Without a language it closes a block that began before this text, as in a chunk cut out of a document.
        if not lines.text[opening.end() : lines.spans[at][1]].strip():
            return 1
        return len(lines) - at

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.CODE)

    def check(self, passage: Passage, text: str) -> bool:
        """Fences that were balanced stay balanced."""
        fences = len(_FENCE_LINE.findall(passage.text))
        return not fences or fences % 2 == 1 or len(_FENCE_LINE.findall(text)) % 2 == 0
