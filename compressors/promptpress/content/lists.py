"""Items of bulleted and numbered lists."""

from typing import ClassVar

import regex

from promptpress.content.base import LineType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines, indent_of
from promptpress.content.scopes import Level, Reach, Scope, number_of
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LONG_ITEM = 400
"""Characters up to which an item is one unit."""
_SHORT_TITLE = 60
"""Characters of a first sentence up to which it is kept with any other of its item."""

LIST_ITEM = regex.compile(r"\s*(?:[-*+•‣◦▪–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-zA-Z]\)\s+)\S")
_CHINESE = (
    r"[（(][一二三四五六七八九十]{1,3}[)）]\s*|[一二三四五六七八九十]{1,3}、\s*"
    r"|第[一二三四五六七八九十百\d]{1,5}[条條]\s+|[①-⑳]\s*"
)
_OTHER_MARK = (
    r":[ \t]+|\[\^[^\]\s]{1,30}\]:\s*|(?:§+[ ]?)?\d{1,3}(?:\.\d{1,3}){1,4}\.?[ \t]+(?=[\p{Lu}(\"“„])"
    rf"|\(?[ivxl]{{1,5}}[.)]\s+|[a-z]\.\s+|{_CHINESE}"
)
_FURTHER_ITEM = regex.compile(rf"\s*(?:{_OTHER_MARK})\S")
_MARK = regex.compile(rf"\s*(?:[-*+•‣◦▪–]\s+(?:\[[ xX]\]\s+)?|\(?\d{{1,3}}[.)]\s+|\(?[a-zA-Z]\)\s+|{_OTHER_MARK})")


class Lists(LineType):
    """A line that begins with a bullet, a number or a letter, and the lines it goes on in."""

    name: ClassVar[str] = "lists"

    def marks(self, lines: Lines, index: int) -> bool:
        """Whether the line begins with a bullet, a number or a letter."""
        if lines.matches(LIST_ITEM, index):
            return True
        # "3.5 Million" in the middle of a paragraph is a number.
        first = (
            index == 0
            or lines.blank(index - 1)
            or _marked(lines, index - 1)
            or lines[index].lstrip().startswith((":", "[^"))
        )
        return first and lines.matches(_FURTHER_ITEM, index)

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """What is indented further than the mark."""
        first, _ = trim(lines.text, start, end)
        indent = indent_of(lines.text[start:first])
        return Scope(Level.ITEM, Reach.INDENTED, indent, number=number_of(lines.text, start, end))

    def goes_on(self, lines: Lines, first: int, index: int) -> bool:
        """Whether line `index`, which has no mark, is indented further than the item's first line."""
        return lines.indent(index) > lines.indent(first)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit with its indentation; of a long item a unit for each sentence, which require the mark and the title."""
        first, end = trim(text, start, end)
        if end - first <= LONG_ITEM:
            out.add(start, end, Kind.LIST_ITEM)
            return
        (_, title_end), *rest = sentence_spans(text, first, end)
        mark = _MARK.match(text, start, end)
        if mark and title_end <= mark.end() and rest:
            title_end, *rest = rest[0][1], *rest[1:]
        title = bool(rest) and title_end - first <= _SHORT_TITLE
        with out.under(out.add(start, title_end, Kind.LIST_ITEM, join=Join.OPEN if title else Join.FLOW, structural=title)):
            for span in rest:
                out.add(*span, Kind.LIST_ITEM)


def _marked(lines: Lines, index: int) -> bool:
    return lines.matches(_FURTHER_ITEM, index) or lines.matches(LIST_ITEM, index)
