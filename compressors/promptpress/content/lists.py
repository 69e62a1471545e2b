"""Items of bulleted and numbered lists."""

from typing import ClassVar

import regex

from promptpress.content.base import LineType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LIST_ITEM = regex.compile(r"\s*(?:[-*+•‣◦▪–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-zA-Z]\)\s+)\S")


class Lists(LineType):
    """A line that begins with a bullet, a number or a letter, and the lines it goes on in."""

    name: ClassVar[str] = "lists"

    def marks(self, lines: Lines, index: int) -> bool:
        """Whether the line begins with a bullet, a number or a letter."""
        return lines.matches(LIST_ITEM, index)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each sentence."""
        for span in sentence_spans(text, *trim(text, start, end)):
            out.add(*span, Kind.LIST_ITEM)
