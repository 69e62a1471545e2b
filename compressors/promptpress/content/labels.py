"""Lines that say what the text below them is about: labels with a colon, titles above a paragraph."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.scopes import Level, Reach, Scope
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

LONGEST_TITLE = 70
_TITLE_WORDS = 9
_LONGEST_OUTLINED = 90

_LABEL = regex.compile(r"[ ]{0,3}[\"“„(]?[\p{Lu}\p{Lo}\p{N}][^{}<>=;|\n]{0,90}[:：][ \t]*$")
_VERBS = (
    r"(?:wrote|writes|schrieb|schrieben|a écrit|écrivait|escribió|ha scritto|scrisse|schreef|escreveu|skrev|napisał"
    r"|napsal|napsala|kirjoitti|yazdı|написал|пише|írta|scris)"
)
_ATTRIBUTION = regex.compile(rf"[ ]{{0,3}}\S[^\n]{{2,200}}\b{_VERBS}\b[^\n]{{0,90}}[:：][ \t]*$", regex.IGNORECASE)
_ATTRIBUTION_HEAD = regex.compile(r"[ ]{0,3}(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne|Dňa|Pe)[ ][^\n]{0,160}\d[^\n]{0,160}$")
_ATTRIBUTION_TAIL = regex.compile(rf"[^\n]{{0,90}}\b{_VERBS}\b[^\n]{{0,60}}[:：][ \t]*$", regex.IGNORECASE)
_ENDS = regex.compile(r"[.!?;,:…。！？；，：、—–-][\"”’»)]*[ \t]*$")
_CODE = regex.compile(r"[{}<>=;|\\$]|\s{3}|^\s|\w\(|https?://|/\w+/")
_STOP = regex.compile(r"[.!?。！？:：][\"”’»)]*[ \t]*$")
_STOP_INSIDE = regex.compile(r"[\p{L}\p{N})][.!?。！？](?:[\"”’»)]*[\s]|$)")
_DEFINITION = regex.compile(r"[ ]{0,3}:[ \t]+\S")
_ITEM = regex.compile(r"\s*(?:[-*+•‣◦▪–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-zA-Z]\)\s+)\S")
_QUOTE = regex.compile(r"[ ]{0,3}>")
_FULL_LINE = 60
_LEAST_TEXT = 30


class Attributions(BlockType):
    """The line, or two lines, that say who wrote the quotation below."""

    name: ClassVar[str] = "attributions"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line says who wrote what follows."""
        return self.block(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """One line or two."""
        if lines.matches(_ATTRIBUTION, at):
            return 1
        return 2 * int(lines.matches(_ATTRIBUTION_HEAD, at) and lines.matches(_ATTRIBUTION_TAIL, at + 1))

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """The quotation behind it; the rest of the text where that is not marked as one."""
        following = lines.filled_after(lines.index_at(end))
        if following is not None and not lines.matches(_QUOTE, following):
            return Scope(Level.MESSAGE)
        return Scope(Level.INTRODUCTION, Reach.ONE_BLOCK)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.HEADING, structural=True)


class Labels(BlockType):
    """A short line that ends with a colon, above what it is the label of."""

    name: ClassVar[str] = "labels"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a list follows the line, or the line follows one."""
        return self.block(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """The line."""
        if not lines.matches(_LABEL, at) or lines.matches(_ITEM, at):
            return 0
        following = lines.filled_after(at)
        if following is None or following > at + 2:
            return 0
        begins = at == 0 or lines.blank(at - 1) or lines.matches(_ITEM, at - 1) or lines[at - 1].startswith("#")
        return int(begins)

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """The paragraph, list or quotation behind it; up to the next label where there are several."""
        following = lines.filled_after(lines.index_at(start))
        if following is not None and lines.matches(_QUOTE, following):
            return Scope(Level.LABEL, Reach.ONE_BLOCK)
        return Scope(Level.LABEL, Reach.BLOCK)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.HEADING, structural=True)


class Titles(BlockType):
    """A short line without a stop directly above a paragraph, a list or a definition."""

    name: ClassVar[str] = "titles"

    def begins(self, lines: Lines, at: int) -> bool:
        """Never: a title begins a paragraph."""
        return lines.matches(_DEFINITION, at + 1) and self.block(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """The line."""
        if not _like_title(lines, at):
            return 0
        if at + 1 < len(lines) and not lines.blank(at + 1):
            above = at == 0 or lines.blank(at - 1) or lines.matches(_DEFINITION, at + 1)
            return int(above and _under_title(lines, at))
        return int(at in lines.once("titles alone", _titles_alone))

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """The paragraph or list behind it; up to the next title where there are several."""
        return Scope(Level.TITLE, Reach.BLOCK)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit."""
        out.add(*trim(text, start, end), Kind.HEADING, structural=True)


class Outlined(BlockType):
    """A line above lines that are indented further: an outline without bullets, the options of a manual."""

    name: ClassVar[str] = "outlined"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the next line is indented further and begins anew."""
        return self.block(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """The line."""
        if at + 1 >= len(lines) or lines.blank(at) or lines.blank(at + 1) or lines.indent(at + 1) < lines.indent(at) + 2:
            return 0
        line, below = lines[at].strip(), lines[at + 1].strip()
        if len(line) > _LONGEST_OUTLINED or lines.matches(_ITEM, at) or (_STOP.search(line) and line[-1] not in ":："):
            return 0
        return int(not below[0].islower() or line[0] in "-/" or line[-1] in ":：")

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """What is indented further."""
        return Scope(Level.ITEM, Reach.INDENTED, lines.indent(lines.index_at(start)))

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit with its indentation."""
        out.add(start, trim(text, start, end)[1], Kind.LIST_ITEM)


def _like_title(lines: Lines, at: int) -> bool:
    start, end = lines.spans[at]
    line = lines[at].rstrip()
    if end - start > LONGEST_TITLE or not line or _ENDS.search(line) or _CODE.search(line):
        return False
    if not (line[0].isupper() or line[0] > "\u2e80"):
        return False
    return len(line.split()) <= _TITLE_WORDS and any(char.isalpha() for char in line)


def _under_title(lines: Lines, at: int) -> bool:
    """Whether the lines behind a title are a definition, a list, or sentences that are longer than it."""
    below = lines[at + 1].rstrip()
    if lines.matches(_DEFINITION, at + 1):
        return True
    if lines.matches(_ITEM, at + 1):
        return not lines.matches(_ITEM, at)
    if lines.matches(_ITEM, at) or below[:1].islower() or len(below) <= len(lines[at]) or below.startswith((" ", "\t", ">")):
        return False
    return _STOP_INSIDE.search(below) is not None and (len(below) >= _FULL_LINE or _STOP.search(below) is not None)


def _titles_alone(lines: Lines) -> frozenset[int]:
    """Lines between blank ones that stand above sentences like titles, if there are at least two of them."""
    found = []
    for at in range(len(lines) - 2):
        if not lines.blank(at + 1) or lines.blank(at + 2) or not (at == 0 or lines.blank(at - 1)):
            continue
        below = lines[at + 2]
        above_text = len(below) >= _LEAST_TEXT and below[:1].isupper() and _STOP_INSIDE.search(below) is not None
        if above_text and _like_title(lines, at) and not lines.matches(_ITEM, at) and not lines.matches(_ITEM, at + 2):
            found.append(at)
    return frozenset(found if len(found) > 1 else ())
