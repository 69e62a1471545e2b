"""Lines of logs, by the time, level or number they begin with."""

from typing import ClassVar

import regex

from promptpress.content.base import LineType, Paragraph
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LOG_LINE = regex.compile(
    r"""\s*\[?(?:\d{4}[-/.]\d\d[-/.]\d\d(?:\b|T(?=\d\d:))
    |\d\d[/.]\d\d[/.]\d\d(?:\d\d)?\ |\d\d-\d\d\ \d\d:\d\d|\d{1,2}:\d\d(?::\d\d)?\b
    |[A-Z][a-z]{2}\ {1,2}\d{1,2}\ \d\d:\d\d:\d\d|(?:[A-Z][a-z]{2}\ )?[A-Z][a-z]{2}\ \d{1,2}\ \d\d:\d\d
    |(?:INFO|WARN(?:ING)?|ERROR|DEBUG|TRACE|FATAL)\b|\d{6}\ \d{6}\b|-\ \d{10}\ |\d{10}\b|\d+\ node-)""",
    regex.VERBOSE,
)

_FEWEST_ENTRIES = 3


class Logs(LineType):
    """Entries of a log, a line each."""

    name: ClassVar[str] = "logs"
    needs_paragraph: ClassVar[bool] = True

    def marks(self, lines: Lines, index: int) -> bool:
        """Whether the line begins as an entry does."""
        return lines.matches(LOG_LINE, index)

    def claims(self, paragraph: Paragraph) -> bool:
        """Three entries and more, and seven lines of ten: a sentence may begin with a year."""
        entries = paragraph.count(self.name)
        return entries >= _FEWEST_ENTRIES and entries >= 0.7 * len(paragraph.marks)

    def ends_with_line(self, lines: Lines, index: int) -> bool:
        """An entry is one line."""
        return self.marks(lines, index)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.LOG_LINE)
