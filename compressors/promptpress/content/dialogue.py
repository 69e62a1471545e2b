"""Chats and transcripts: turns, each with its speaker."""

from typing import ClassVar

import regex

from promptpress.content.base import LineType, Paragraph
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.logs import LOG_LINE
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LONG_TURN = 300
"""Characters up to which a turn is one unit."""
_FEWEST_TURNS = 3

_TURN = regex.compile(
    r"\s*(?:\[[^\]\n]{1,30}\]\s*)?(?P<name><[^>\s][^>\n]{0,40}>|#?[\p{Lu}\p{Lo}][\w .'#()\-]{0,40}[:：])(?:\s|$|(?<=：))"
)


class Dialogue(LineType):
    """Lines that begin with who speaks."""

    name: ClassVar[str] = "dialogue"
    needs_paragraph: ClassVar[bool] = True

    def marks(self, lines: Lines, index: int) -> bool:
        """Whether the line begins with a speaker. Behind a time, only a name in angle brackets is one."""
        return lines.matches(_TURN, index) and (not lines.matches(LOG_LINE, index) or "<" in lines[index][:40])

    def claims(self, paragraph: Paragraph) -> bool:
        """Three turns and more, four lines of ten, and a speaker who speaks twice: no label of a section comes twice."""
        turns = paragraph.count(self.name)
        if turns < _FEWEST_TURNS or turns < 0.4 * len(paragraph.marks) or turns < paragraph.count("logs"):
            return False
        marked = [paragraph.first + i for i, mark in enumerate(paragraph.marks) if mark.name == self.name]
        return len({_speaker(paragraph.lines, index) for index in marked}) < turns

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit, or the sentences of a long turn.

        Later sentences require the first, which has the name: without it they would be taken for the previous speaker's.
        """
        start, end = trim(text, start, end)
        if end - start <= LONG_TURN:
            out.add(start, end, Kind.TURN)
            return
        first, *rest = sentence_spans(text, start, end)
        with out.under(out.add(*first, Kind.TURN)):
            for span in rest:
                out.add(*span, Kind.TURN)


def _speaker(lines: Lines, index: int) -> str:
    match = _TURN.match(lines.text, *lines.spans[index])
    return match["name"] if match else ""
