"""Prose: paragraphs of sentences. Every line that is of no other type is prose."""

from typing import ClassVar

from promptpress.content.base import LineType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import line_start, trim

SHORT_PARAGRAPH = 300
"""Characters up to which an indented paragraph, as in an outline, is not divided."""


class Prose(LineType):
    """Sentences, whose lines may be wrapped."""

    name: ClassVar[str] = "prose"

    def marks(self, lines: Lines, index: int) -> bool:
        """Always."""
        return True

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each sentence; an indented paragraph is one unit with its indentation, unless it is long."""
        first, last = trim(text, start, end)
        if start < first and last - start <= SHORT_PARAGRAPH and line_start(text, first, start) < first:
            out.add(line_start(text, first, start), last, Kind.SENTENCE)
            return
        for first, last in sentence_spans(text, *trim(text, start, end)):
            out.add(line_start(text, first, start), last, Kind.SENTENCE)
