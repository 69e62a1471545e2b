"""LaTeX: every environment with its beginning and its end, every paragraph under its section."""

from collections.abc import Sequence
from typing import ClassVar

import regex

from promptpress.content.base import WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.nested import WHOLE
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span, trim

_BEGIN = regex.compile(r"\s*\\begin\{(?P<name>[A-Za-z]+\*?)\}")
_ENDS = regex.compile(r"\\end\{(?P<name>[A-Za-z]+\*?)\}")
_BEGINS = regex.compile(r"\\begin\{(?P<name>[A-Za-z]+\*?)\}")
_SECTION = regex.compile(r"\s*\\(?P<name>part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?[\[{]")
_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
_ITEM = regex.compile(r"\s*\\item\b")
_COMMAND = regex.compile(r"\s*\\(?:documentclass|usepackage|title|author|date|maketitle|label|newcommand|bibliography\w*)\b")
_RULE = regex.compile(r"\s*\\\[|\s*\$\$")
_DIVISIBLE = frozenset(
    [
        "document",
        "abstract",
        "itemize",
        "enumerate",
        "description",
        "theorem",
        "lemma",
        "proof",
        "definition",
        "quote",
        "quotation",
        "center",
        "corollary",
        "remark",
        "example",
    ]
)


class Latex(WholeText):
    """A text with sections or environments of LaTeX on lines of their own."""

    name: ClassVar[str] = "latex"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Units of environments, items and sentences."""
        if "\\begin{" not in lines.text and "\\section" not in lines.text:
            return False
        filled = len(lines.filled)
        begins = sum(lines.matches(_BEGIN, index) for index in range(len(lines)))
        sections = sum(lines.matches(_SECTION, index) for index in range(len(lines)))
        if begins + sections == 0 or begins + sections < 0.02 * filled:
            return False
        _Writer(lines, out).add(0, len(lines))
        return True


class _Writer:
    def __init__(self, lines: Lines, out: UnitList) -> None:
        self._lines = lines
        self._text = lines.text
        self._out = out

    def add(self, first: int, stop: int, depth: int = 0) -> None:
        """Add the units of lines; what follows a section's title requires it."""
        sections: list[tuple[int, int]] = []
        at = first
        while at < stop:
            check()
            if self._lines.blank(at):
                at += 1
                continue
            end = self._block_end(at, stop)
            begin = len(self._out.units)
            match = _SECTION.match(self._text, *self._lines.spans[at])
            if match:
                level = _LEVELS.index(match["name"])
                sections = [each for each in sections if each[0] < level]
                self._out.add(*self._span(at, end), Kind.HEADING, structural=end < stop)
            else:
                self._add_block(at, end, depth)
            if sections:
                for unit in range(begin, len(self._out.units)):
                    self._out.require(unit, sections[-1][1])
            if match:
                sections.append((level, begin))
            at = end

    def _span(self, first: int, end: int) -> Span:
        return self._lines.spans[first][0], self._lines.spans[end - 1][1]

    def _block_end(self, at: int, stop: int) -> int:
        lines = self._lines
        if lines.matches(_BEGIN, at) or lines.matches(_RULE, at):
            return self._environment_end(at, stop)
        if lines.matches(_SECTION, at) or lines.matches(_COMMAND, at):
            return at + 1
        end = at + 1
        while (
            end < stop
            and not lines.blank(end)
            and not any(lines.matches(each, end) for each in (_BEGIN, _SECTION, _ITEM, _RULE, _COMMAND))
        ):
            end += 1
        return end

    def _environment_end(self, at: int, stop: int) -> int:
        if self._lines.matches(_RULE, at):
            mark = "\\]" if "\\[" in self._lines[at] else "$$"
            for index in range(at, min(stop, at + 200)):
                if self._lines[index].find(mark, 2 if index == at and mark == "$$" else 0) >= 0:
                    return index + 1
            return at + 1
        depth = 0
        for index in range(at, stop):
            span = self._lines.spans[index]
            depth += len(_BEGINS.findall(self._text, *span)) - len(_ENDS.findall(self._text, *span))
            if depth <= 0:
                return index + 1
        return at + 1

    def _add_block(self, first: int, end: int, depth: int) -> None:
        start, stop = self._span(first, end)
        match = _BEGIN.match(self._text, start, stop)
        if not match:
            self._add_text(start, stop)
            return
        name = match["name"].rstrip("*")
        whole = name not in _DIVISIBLE or (stop - start <= WHOLE // 2 and name != "document")
        if whole or end - first < 3 or depth > 20:
            self._out.add(start, stop, Kind.CODE)
            return
        opening = self._out.add(*self._lines.spans[first], Kind.CODE, structural=True, join=Join.OPEN)
        with self._out.under(opening):
            self.add(first + 1, end - 1, depth + 1)
            closing = self._out.add(*self._lines.spans[end - 1], Kind.CODE, structural=True, join=Join.CLOSE)
        self._out.require(opening, closing)

    def _add_text(self, start: int, end: int) -> None:
        if _ITEM.match(self._text, start, end):
            self._add_sentences(sentence_spans(self._text, *trim(self._text, start, end)), Kind.LIST_ITEM, start)
        elif _COMMAND.match(self._text, start, end):
            self._out.add(start, end, Kind.CODE)
        else:
            self._add_sentences(sentence_spans(self._text, *trim(self._text, start, end)), Kind.SENTENCE, start)

    def _add_sentences(self, spans: Sequence[Span], kind: Kind, start: int) -> None:
        """Sentences; those of an item require its first, which has the mark."""
        if not spans:
            return
        first, *rest = spans
        index = self._out.add(start if kind is Kind.LIST_ITEM else first[0], first[1], kind)
        for span in rest:
            self._out.add(*span, kind, requires=(index,) if kind is Kind.LIST_ITEM else ())
