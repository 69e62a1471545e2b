"""Exam questions: each with all its options and the key."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.lines import Lines
from promptpress.content.records import RecordType
from promptpress.text.spans import Span

_NUMBERED = regex.compile(
    r"\s*(?:\*\*|#{1,6}\s+)?(?:(?:Q|Question|Frage|Pregunta|Aufgabe|No\.?)\s*)?\d{1,3}[.):]\s*\S", regex.IGNORECASE
)
_OPTION = regex.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*)?(?:[(\[]?[A-Ha-h][.):\]](?:\*\*)?\s+"
    r"|\[[ xX]?\]\s+|[○●◯☐☑□]\s*|[（(]?[A-HＡ-Ｈ][）．、]\s*|[①-⑧]\s*)\S"
)
_KEY = regex.compile(
    r"\s*(?:[*_>(\[]{0,3})(?:correct(?: answer| option)?|answers?|key|solution|ans"
    r"|richtig|antwort|lösung|respuesta|réponse|risposta|resposta|ответ|答案|正解|정답)\b[^\n]{0,12}[:：]",
    regex.IGNORECASE,
)


class Exams(RecordType):
    """A numbered question, two options or more, a line each, and what belongs to them until the next question."""

    name: ClassVar[str] = "exams"

    def find(self, lines: Lines) -> Iterator[Span]:
        """Each question with its options and the key behind them."""
        at = 0
        while at < len(lines):
            end = _question_end(lines, at) if lines.matches(_NUMBERED, at) else 0
            if end:
                yield at, end
            at = end or at + 1


def _question_end(lines: Lines, first: int) -> int:
    at = first + 1
    while at < len(lines) and at - first < 6 and not lines.matches(_OPTION, at):
        if lines.matches(_NUMBERED, at) or (lines.blank(at) and lines.blank(at - 1)):
            return 0
        at += 1
    options = 0
    end = at
    while at < len(lines):
        if lines.blank(at):
            # A blank line may lie between options, and before the key.
            if not (lines.matches(_OPTION, at + 1) or lines.matches(_KEY, at + 1)) or lines.matches(_NUMBERED, at + 1):
                break
        elif lines.matches(_NUMBERED, at):
            break
        else:
            options += lines.matches(_OPTION, at) and not lines.matches(_KEY, at)
            end = at + 1
        at += 1
    return end if options >= 2 else 0
