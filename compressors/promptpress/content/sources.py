"""Sources that are numbered or stand in tags of their own, as prompts for a model give them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import ClassVar

import regex

from promptpress.content.base import DEEPEST, Container, UnitsOf
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_NUMBER = regex.compile(
    r"[ ]{0,3}(?:\[(?P<number>\d{1,3})\](?![(:\[])[ \t]*(?=\S|$)"
    r"|\*{0,2}\[?(?:Source|Document|Passage|Doc|Result|Context|Chunk|Snippet|Excerpt|Reference|Quelle|Dokument"
    r"|Textstelle|Fuente|Documento|Source n°)"
    r"[ ]?\[?\#?(?P<counted>\d{1,3})\]?[ ]?(?:\([^()\n]{0,120}\))?\]?[ ]?[:.\-–—]?\*{0,2}[ \t]*(?=\S|$))",
    regex.IGNORECASE,
)
_HEADING = regex.compile(r"[ ]{0,3}(?P<signs>#{1,6})[ \t]+\S")
_OPENING = regex.compile(r"[ \t]*<(?P<name>[A-Za-z_][\w.\-]{0,40})(?P<attributes>(?:\s[^<>\n]{0,300})?)(?<!/)>")
_CLOSING = regex.compile(r"</(?P<name>[A-Za-z_][\w.\-]{0,40})\s*>[ \t]*$")
_HTML = frozenset(
    regex.findall(
        r"\w+",
        "html head body div span p ul ol li table thead tbody tfoot tr td th h1 h2 h3 h4 h5 h6 a b i em strong "
        "pre code br hr img form script style nav header footer main section article aside blockquote dl dt dd details "
        "summary button label select option svg",
    )
)
_NOT_SOURCES = _HTML | {"keep"}
_SHORTEST_SEQUENCE = 2
_NO_HEADING = 7


class NumberedSources(Container):
    """A text behind `[1]` or `Source 1:` where others follow. The number is kept with every sentence of it."""

    name: ClassVar[str] = "numbered_sources"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a source begins with this line."""
        return lines.depth < DEEPEST and lines.matches(_NUMBER, at) and at in lines.once(self.name, _numbered)

    def block(self, lines: Lines, at: int) -> int:
        """Up to the next source; the last one is as long as those before, a paragraph or all that follows."""
        if not self.begins(lines, at):
            return 0
        return lines.once(self.name, _numbered)[at] - at

    def contents(self, lines: Lines, start: int, end: int, out: UnitList, units_of: UnitsOf) -> None:
        """The number, and under it the units of the rest."""
        match = _NUMBER.match(lines.text, start, end)
        content = match.end() if match else start
        mark = trim(lines.text, start, content)
        mark_end = content if content < end and lines.text[content] != "\n" else mark[1]
        units = units_of(lines.text[content:end])
        with out.under(out.add(start, mark_end, Kind.HEADING, join=Join.OPEN, structural=bool(units))):
            out.extend(units, lambda position: position + content)


def _numbered(lines: Lines) -> Mapping[int, int]:
    """For the first line of every source the line behind its last. Numbers must follow each other."""
    found: list[tuple[int, int]] = []
    level: int | None = None
    above = _NO_HEADING
    for at in range(len(lines)):
        heading = _HEADING.match(lines.text, *lines.spans[at])
        if heading:
            depth = len(heading["signs"])
            if found and level is not None and depth <= level:
                break
            above = depth
        match = _NUMBER.match(lines.text, *lines.spans[at])
        if not match:
            continue
        number = int(match["number"] or match["counted"])
        if found and number == found[-1][1] + 1:
            found.append((at, number))
        elif not found and number <= 1:
            found = [(at, number)]
            level = above if above < _NO_HEADING else None
        elif len(found) == 1 and number <= 1:
            found = [(at, number)]
    if len(found) < _SHORTEST_SEQUENCE:
        return {}
    starts = [at for at, _ in found]
    ends = [*starts[1:], _last_end(lines, starts, level)]
    return {start: _without_blank(lines, start, end) for start, end in zip(starts, ends, strict=True)}


def _last_end(lines: Lines, starts: Sequence[int], level: int | None) -> int:
    paragraphs = all(
        not any(lines.blank(at) for at in range(start, _without_blank(lines, start, end)))
        for start, end in itertools.pairwise(starts)
    )
    for at in range(starts[-1] + 1, len(lines)):
        heading = _HEADING.match(lines.text, *lines.spans[at])
        if (paragraphs and lines.blank(at)) or (heading and level is not None and len(heading["signs"]) <= level):
            return at
    return len(lines)


def _without_blank(lines: Lines, start: int, end: int) -> int:
    while end > start + 1 and lines.blank(end - 1):
        end -= 1
    return end


class TaggedSources(Container):
    """A text between an opening tag at the beginning of a line and its closing tag at the end of one.

    Both are kept with every unit inside. Elements of HTML are none: they are markup of what they hold.
    """

    name: ClassVar[str] = "tagged_sources"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line begins with a tag that is closed."""
        return lines.depth < DEEPEST and lines.matches(_OPENING, at) and at in lines.once(self.name, _tagged)

    def block(self, lines: Lines, at: int) -> int:
        """Up to the closing tag."""
        if not self.begins(lines, at):
            return 0
        return lines.once(self.name, _tagged)[at] - at + 1

    def contents(self, lines: Lines, start: int, end: int, out: UnitList, units_of: UnitsOf) -> None:
        """The tags, and between them the units of the rest."""
        text = lines.text
        opening = _OPENING.match(text, start, end)
        closing = text.rindex("</", start, end)
        # A closing tag on a line of its own has the indentation of the line.
        line = text.rfind("\n", start, closing) + 1
        closing_start = line if line > start and not text[line:closing].strip() else closing
        first = opening.end() if opening else start
        index = out.add(start, first, Kind.HEADING, join=Join.OPEN, structural=True)
        units = units_of(text[first:closing_start]) if first < closing_start else ()
        with out.under(index):
            out.extend(units, lambda position: position + first)
        last = out.add(closing_start, trim(text, closing, end)[1], Kind.HEADING, join=Join.CLOSE, structural=True)
        out.require(index, last)
        out.require(last, index)


def _tagged(lines: Lines) -> Mapping[int, int]:
    """For every line with an opening tag that is closed, the line where it is."""
    found: dict[int, int] = {}
    open_tags: list[tuple[str, int]] = []
    names: dict[str, int] = {}
    for at, (start, end) in enumerate(lines.spans):
        opening = _OPENING.match(lines.text, start, end)
        if opening and opening["name"].lower() not in _NOT_SOURCES and not lines.text.startswith("</", opening.end()):
            open_tags.append((opening["name"], at))
            names[opening["name"]] = names.get(opening["name"], 0) + 1
        closing = _CLOSING.search(lines.text, max(start, end - 60), end)
        if not closing or not names.get(closing["name"]):
            continue
        while open_tags:
            name, line = open_tags.pop()
            names[name] -= 1
            if name == closing["name"]:
                found[line] = at
                break
    return found
