"""Records of `Label: value`: tickets, few-shot examples, questions with their answers, rows of SQL one below another."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.kinds import Kind
from promptpress.content.line_blocks import paragraphs
from promptpress.content.lines import Lines
from promptpress.content.nested import WHOLE
from promptpress.content.records import RecordType, add_lines, add_record
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import Span, trim

_LABEL = regex.compile(
    r"""\s*(?:[-*]\s+)?(?:\*\*|__)?["']?(?P<label>[\p{L}@][\p{L}\p{M}\p{N}\ _/.\-()\#&'’]{0,40}?)["']?
    (?:\*\*|__)?[ ]?(?::(?:\*\*|__)?(?=\s|$)|：)""",
    regex.VERBOSE,
)
_NUMBER = regex.compile(r"\s*#?\d+\Z")
_ROW = regex.compile(r"\*{5,}\s*\d+\.\s*\w+\s*\*{5,}\s*$|-\[ ?\p{L}+ \d+ ?\][-+]*\s*$")
_QUESTION = regex.compile(
    r"""\s*(?:[-*>#]+\s+)?(?:\*\*|__)?(?:
    (?:Q|Question|Frage|F|Pregunta|P|Domanda|D|Pergunta|Vraag|V|Fråga|Pytanie|Soru|S
    |Вопрос|В|سؤال|س|问题?|問題?|質問|질문|문|Problem|Prompt|Input|User\ question)
    [ ]?\#?\d{0,3}(?:\*\*|__)?[ ]?[:：.)](?:\*\*|__)?)(?=\s|$|(?<=：))""",
    regex.VERBOSE | regex.IGNORECASE,
)
_ANSWER = regex.compile(
    r"""\s*(?:[-*>]\s+)?(?:\*\*|__)?(?:(?:A|Answer|Antwort|Respuesta|R|Réponse|Risposta|Resposta|Antwoord|Svar|Odpowiedź|O|Cevap|C|Ответ|О|جواب|إجابة|ج|答案?|回答|答え|답변?|답|Solution|Completion|Output|Response)
    [ ]?\#?\d{0,3}(?:\*\*|__)?[ ]?[:：.)](?:\*\*|__)?)(?=\s|$|(?<=：))""",
    regex.VERBOSE | regex.IGNORECASE,
)
_HEADING = regex.compile(r"\s{0,3}#{1,6}\s|\s*(?:---|===|\*\*\*)\s*$")
_LONGEST_GAP = 12
"""Lines of an answer behind its first paragraph, up to the next question."""


class Rows(RecordType):
    r"""Rows of a table one below another, as the `\G` of mysql and the `\x` of psql print them."""

    name: ClassVar[str] = "rows"
    fewest: ClassVar[int] = 1

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each row, to the next blank line or a line that is no column."""
        starts = [index for index in range(len(lines)) if lines.matches(_ROW, index)]
        for first, following in itertools.pairwise([*starts, len(lines)]):
            mark = "|" if lines.startswith(("-",), first) else ":"
            end = first + 1
            while end < following and not lines.blank(end) and (mark in lines[end] or following < len(lines)):
                end += 1
            yield first, end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The row; of a long one the number and the first column are the head."""
        add_record(text, start, end, 2, out)


class Questions(RecordType):
    """Questions with their answers below them, each behind its label."""

    name: ClassVar[str] = "questions"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """From each question to the next one, if an answer is between them."""
        asked = [index for index in range(len(lines)) if lines.matches(_QUESTION, index)]
        if len(asked) < 2:
            return
        for first, following in itertools.pairwise([*asked, len(lines)]):
            answer = next((index for index in range(first + 1, following) if lines.matches(_ANSWER, index)), None)
            end = _paragraph_end(lines, first if answer is None else answer, following)
            if answer is None:
                if following == len(lines):
                    yield first, end  # the one that is to be answered
                continue
            if following < len(lines) and following - end <= _LONGEST_GAP:
                headings = (index for index in range(end, following) if lines.matches(_HEADING, index))
                end = next(headings, following)
                while lines.blank(end - 1):
                    end -= 1
            yield first, end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Question and answer; the sentences of a long answer require the question."""
        if end - start <= WHOLE:
            out.add(start, end, Kind.RECORD)
            return
        lines = Lines(text[start:end])
        answer = next((index for index in range(1, len(lines)) if lines.matches(_ANSWER, index)), len(lines))
        head = trim(text, start, start + lines.spans[answer - 1][1])
        if answer == len(lines) or head[1] - head[0] > WHOLE:
            # A long question, as in an example with a text to read, and the short answer that it is never without.
            _add_long_question(text, head, end, out)
            return
        with out.under(out.add(*head, Kind.RECORD, structural=True)):
            first, *rest = sentence_spans(text, *trim(text, head[1], end))
            with out.under(out.add(*first, Kind.SENTENCE)):
                for span in rest:
                    out.add(*span, Kind.SENTENCE)


def _add_long_question(text: str, head: Span, end: int, out: UnitList) -> None:
    first, *rest = sentence_spans(text, *head)
    units = [out.add(*first, Kind.SENTENCE)]
    with out.under(units[0]):
        units += [out.add(*span, Kind.SENTENCE) for span in rest]
        answer = trim(text, head[1], end)
        if answer[0] < answer[1]:
            index = out.add(*answer, Kind.RECORD, structural=True)
            out.require(units[0], index)


class Labelled(RecordType):
    """Paragraphs that are `Label: value` line by line, at least two of which begin with the same label."""

    name: ClassVar[str] = "labelled"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each such paragraph; one with one label more or less is one, too."""
        labelled = [(a, b, _labels(lines, a, b)) for a, b in paragraphs(lines)]
        first = Counter(labels[0] for _, _, labels in labelled if len(labels) >= 2)
        shapes = Counter(tuple(labels[:2]) for _, _, labels in labelled if len(labels) >= 2)
        for a, b, labels in labelled:
            if len(labels) >= 2 and len(set(labels)) >= 2 and first[labels[0]] >= 2 and shapes[tuple(labels[:2])] >= 2:
                yield a, b

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The record, or its first line and the others, which require it; where the first is long, its sentences require
        the short ones instead: a text and what it is labelled as.
        """
        lines = Lines(text[start:end])
        if end - start <= WHOLE or lines.spans[0][1] <= WHOLE:
            add_record(text, start, end, 1, out)
            return
        first, *rest = sentence_spans(text, *trim(text, start, start + lines.spans[0][1]))
        units = [out.add(*first, Kind.RECORD)]
        with out.under(units[0]):
            units += [out.add(*span, Kind.SENTENCE) for span in rest]
            below = len(out.units)
            add_lines(text, [(start + a, start + b) for a, b in lines.spans[1:]], out)
        short = [i for i in range(below, len(out.units)) if out.units[i].end - out.units[i].start <= 120]
        out.require(units[0], *short[:3])


def _paragraph_end(lines: Lines, first: int, stop: int) -> int:
    end = first + 1
    while end < stop and not lines.blank(end):
        end += 1
    return end


def _labels(lines: Lines, first: int, end: int) -> list[str]:
    """The labels of a paragraph whose first line and at least six lines of ten have one; else none."""
    if end - first < 2:
        return []
    labels = []
    for index in range(first, end):
        match = _LABEL.match(lines.text, *lines.spans[index])
        if match:
            labels.append(_NUMBER.sub("", match["label"]).casefold())
        elif index == first:
            return []
    return labels if len(labels) >= 0.6 * (end - first) else []
