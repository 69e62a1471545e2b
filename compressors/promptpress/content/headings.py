"""Headings: of Markdown, underlined, numbered, in bold, in capitals."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.scopes import Level, Scope, number_of
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LONGEST_HEADING = 120
"""Characters of a line without number signs that can be a heading."""

_MARKDOWN = regex.compile(r"[ ]{0,3}(?P<signs>#{1,6})[ \t]+\S")
_UNDERLINE = regex.compile(r"[ ]{0,3}(?P<sign>[=\-~])(?P=sign){2,}[ \t]*$")
_NOT_UNDERLINED = regex.compile(r"\s*(?:[#>|=+~\-*`]|\d+[.)]\s|$)")
_BOLD = regex.compile(r"[ ]{0,3}(?P<mark>\*\*|__)(?=\S)[^*_\n]{1,100}(?<=\S)(?P=mark)[ \t]*[:：]?[ \t]*$")
_CAPITALS = regex.compile(r"(?=.{0,60}$)(?:\d{1,2}[.)][ ])?\p{Lu}{2}[\p{Lu}\p{N} ,&/()'’\-]*[\p{Lu})][ \t]*[:：]?[ \t]*$")
_WORD = (
    r"(?:Chapter|Section|Article|Part|Appendix|Annex|Clause|Schedule|Exhibit|Kapitel|Abschnitt|Artikel|Art\.|Teil|Anhang|Anlage"
    r"|Chapitre|Capítulo|Artículo|Capitolo|Articolo|Rozdział|Глава|Статья|§)"
)
_NUMBERED = regex.compile(
    rf"[ ]{{0,3}}(?:(?:{_WORD}[ ]?)?(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,4}})[.:]?[ \t]+(?P<title>[\p{{L}}(\"“„].*)"
    rf"|(?P<word>{_WORD}[ ](?:\d{{1,3}}|[IVX]{{1,5}}|[A-Z]))(?:[.:–-]?[ \t]+\S.*)?"
    r"|第[一二三四五六七八九十百\d]{1,5}(?P<part>[编編章节節部])[^。！？]{0,40})$"
)
_SENTENCE_END = regex.compile(r"[.!?;,:…。！？；，：][\"”’»)]?[ \t]*$")
_INSIDE_SENTENCE = regex.compile(r"[.!?][ \t]+\p{Lu}|[{}<>=|\t]|\s{3}")
_SENTENCE_INSIDE = regex.compile(r"[.!?。！？](?:[\s\"”»)]|$)")
_ITEM = regex.compile(r"\s*(?:[-*+•‣◦▪–]\s|\(?[\da-zA-Z]{1,3}[.)]\s)")
_LONGEST_NUMBERED = 90
_MOST_WORDS = 8
_LEAST_TEXT = 30
_LEAST_CAPITALS = 4
_SHORTEST_RULE = 3


class Headings(BlockType):
    """A line that begins with number signs, or is underlined; or one with a number, in bold or in capitals above a text."""

    name: ClassVar[str] = "headings"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is a heading that needs no blank line above it."""
        return lines.matches(_MARKDOWN, at) or _underlined(lines, at) or lines.matches(_BOLD, at)

    def block(self, lines: Lines, at: int) -> int:
        """The line, with the one that underlines it."""
        if lines.matches(_MARKDOWN, at):
            return 1
        if _underlined(lines, at):
            return 2
        if not (lines.matches(_BOLD, at) or _in_capitals(lines, at) or _numbered(lines, at)) or not _has_text(lines, at):
            return 0
        return 2 if _title_below(lines, at) else 1

    def scope(self, lines: Lines, start: int, end: int) -> Scope | None:
        """Up to the next heading of its level or a higher one."""
        if match := _MARKDOWN.match(lines.text, start, end):
            return Scope(Level.HEADING + len(match["signs"]))
        at = lines.index_at(start)
        if lines.spans[at][1] < end and lines.matches(_UNDERLINE, at + 1):
            return Scope(Level.HEADING + (1 if "=" in lines[at + 1] else 2))
        if lines.matches(_BOLD, at):
            return Scope(Level.LINE + 1)
        match = _NUMBERED.match(lines.text, start, end)
        if match and match["number"]:
            number = number_of(lines.text, start, end)
            return Scope(Level.NUMBERED + match["number"].count(".") + 1, number=number)
        if match and match["part"] in ("节", "節"):
            return Scope(Level.NUMBERED + 1)
        return Scope(Level.NUMBERED if match else Level.LINE)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.HEADING, structural=True)


def _underlined(lines: Lines, at: int) -> bool:
    if not lines.matches(_UNDERLINE, at + 1) or lines.matches(_NOT_UNDERLINED, at) or not _begins_paragraph(lines, at):
        return False
    line, rule = lines[at].rstrip(), lines[at + 1].strip()
    if len(line) > (LONGEST_HEADING if len(rule) > _SHORTEST_RULE else 60):
        return False
    return "|" not in line and (rule[0] == "=" or not _SENTENCE_END.search(line))


def _numbered(lines: Lines, at: int) -> bool:
    """Whether the line is a number and a title, alone or above text that is no list."""
    match = _NUMBERED.match(lines.text, *lines.spans[at])
    line = lines[at].strip()
    if not match or len(line) > _LONGEST_NUMBERED or _SENTENCE_END.search(line) or _INSIDE_SENTENCE.search(line):
        return False
    if not _begins_paragraph(lines, at) and not lines.matches(_NUMBERED, at - 1):
        return False
    if match["number"] and "." not in match["number"]:
        if match["title"][0].islower() or len(match["title"].split()) > _MOST_WORDS:
            return False
        # "1. Fetch the key" among steps is an item; above a paragraph, it is a heading.
        following = lines.filled_after(at)
        if following is None or lines.indent(following) > lines.indent(at):
            return False
        return _is_text(lines, following) or lines[following].lstrip().startswith(match["number"] + ".")
    return True


def _title_below(lines: Lines, at: int) -> bool:
    """Whether "Article 12" has its title on the next line."""
    match = _NUMBERED.match(lines.text, *lines.spans[at])
    if not match or not match["word"] or len(match.group()) > len(match["word"]) + 2 or lines.blank(at + 1):
        return False
    title = lines[at + 1].strip()
    above_text = at + 2 < len(lines) and lines.blank(at + 2)
    return (
        above_text
        and len(title) <= _LONGEST_NUMBERED
        and not _SENTENCE_END.search(title)
        and not _INSIDE_SENTENCE.search(title)
    )


def _is_text(lines: Lines, at: int) -> bool:
    line = lines[at]
    return not lines.matches(_ITEM, at) and len(line.strip()) >= _LEAST_TEXT and _SENTENCE_INSIDE.search(line) is not None


def _in_capitals(lines: Lines, at: int) -> bool:
    if not lines.matches(_CAPITALS, at) or not _begins_paragraph(lines, at):
        return False
    return sum(char.isalpha() for char in lines[at]) >= _LEAST_CAPITALS


def _begins_paragraph(lines: Lines, at: int) -> bool:
    return at == 0 or lines.blank(at - 1) or lines.matches(_MARKDOWN, at - 1) or lines.matches(_UNDERLINE, at - 1)


def _has_text(lines: Lines, at: int) -> bool:
    """Whether something follows, after one blank line at most."""
    following = lines.filled_after(at)
    return following is not None and following <= at + 2
