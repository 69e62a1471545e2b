"""Stack traces of Python and of Java's relatives: kept or dropped whole."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_TRACE = regex.compile(r"\s*Traceback \(most recent call last\):")
_TRACE_FRAME = regex.compile(r"\s+at [\w.$<>]+\(|\s*Caused by: |\s+\.\.\. \d+ more")


class Traces(BlockType):
    """A trace with its error line: behind the frames in Python, before them in Java."""

    name: ClassVar[str] = "traces"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is the head of a trace, or a frame follows it."""
        return lines.matches(_TRACE, at) or lines.matches(_TRACE_FRAME, at + 1)

    def block(self, lines: Lines, at: int) -> int:
        """The head, the frames, and the error."""
        if lines.matches(_TRACE, at):
            count = 1
            while lines.startswith((" ", "\t"), at + count):
                count += 1
            return count + int(at + count < len(lines) and not lines.blank(at + count))
        if not lines.matches(_TRACE_FRAME, at + 1):
            return 0
        count = 2
        while lines.matches(_TRACE_FRAME, at + count):
            count += 1
        return count

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.CODE)
