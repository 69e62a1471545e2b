"""JSON and its like as units: members may be dropped one by one, and what is kept parses again."""

import json
from typing import ClassVar

import regex

from promptpress.content.base import BlockType, WholeText
from promptpress.content.json_units import literal_units
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.literals import Literal, read_literal
from promptpress.content.unit import Passage
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_BLOCK_START = regex.compile(r"\s*(?:\{\s*(?:[\"'}]|[\w$]++\s*:|$)|\[\s*(?:[\[{(\"'\]]|-?\d[\d.]*,|$))")
_BROKEN = regex.compile(r"\s*(?:\[\s*[{\[]\s*|\{\s*)[\"'][^\"'\n]{1,100}[\"']\s*:")
"""How a line begins that is certainly meant as an object, even where it cannot be read."""
_BETWEEN = regex.compile(r"(?:[\s,;]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_MOST_FAILURES = 50
_MOST_READ_IN_VAIN = 4
"""Attempts to read a value that begins a line, and how many times the length of the text they may read in all."""
_LONGEST_TAIL = 600
"""Characters of the member that is cut off at the end of a text which is not JSON as a whole."""


class Json(WholeText, BlockType):
    """Objects or lists in the notation of JSON, JSON5, Python or JavaScript: the whole text, or lines of it."""

    name: ClassVar[str] = "json"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Units as `literal_units` has them, of one value or several that follow each other; the last may be cut off."""
        values = values_of(lines.text)
        for value in values:
            literal_units(lines.text, value, out, only=len(values) == 1)
        return bool(values)

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a value may begin the line; it need not be one."""
        return lines.matches(_BLOCK_START, at)

    def block(self, lines: Lines, at: int) -> int:
        """The lines of one value, if nothing stands behind it on its last: a list of names in brackets is no document.

        One that cannot be read to its end takes the lines up to a blank one.
        """
        if not self.begins(lines, at) or lines.failures[self.name] >= _MOST_FAILURES:
            return 0
        if lines.failures[_READ] > _MOST_READ_IN_VAIN * len(lines.text):
            return 0
        start = trim(lines.text, *lines.spans[at])[0]
        value, read = read_literal(lines.text, start, len(lines.text), cut_off=True)
        if value is None or not _ends_soon(value):
            lines.failures[self.name] += 1
            lines.failures[_READ] += read - start
            return _broken(lines, at) if lines.matches(_BROKEN, at) else 0
        last = at
        while lines.spans[last][1] < value.end:
            last += 1
        return 0 if lines.text[value.end : lines.spans[last][1]].strip() else last - at + 1

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Units as `literal_units` has them; one unit of what cannot be read."""
        start, end = trim(text, start, end)
        value, _ = read_literal(text, start, end, cut_off=True)
        if value is None or value.end != end:
            out.add(start, end, Kind.JSON_MEMBER)
        else:
            literal_units(text, value, out, only=False)

    def check(self, passage: Passage, text: str) -> bool:
        """A text that was JSON as a whole, one value or several, parses."""
        if not passage.units or passage.units[0].kind is not Kind.JSON_MEMBER or not text.strip():
            return True
        return parses(text) or not parses(passage.text)


_READ = "json characters"


def _ends_soon(value: Literal) -> bool:
    while not value.complete and value.members:
        value = value.members[-1]
    return value.complete or value.end - value.start <= _LONGEST_TAIL


def _broken(lines: Lines, at: int) -> int:
    last = at
    while last + 1 < len(lines) and not lines.blank(last + 1):
        last += 1
    return last - at + 1


def values_of(text: str, start: int = 0, end: int | None = None) -> list[Literal]:
    """The values that follow each other in `text[start:end]` and nothing else; empty if something else stands there.

    White space, commas and comments between them count as nothing.
    """
    values: list[Literal] = []
    at, end = trim(text, start, end)
    while (at := _after(text, at)) < end:
        value, _ = read_literal(text, at, end, cut_off=True)
        if value is None:
            return []
        values.append(value)
        at = value.end
    return values


def _after(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


_DECODER = json.JSONDecoder()


def parses(text: str) -> bool:
    """Whether the text is one JSON object or list or several, with white space between them at most."""
    at, end = trim(text)
    if at == end:
        return False
    while at < end:
        if text[at] not in "[{":
            return False
        try:
            _, stop = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return False
        at = trim(text, stop, end)[0]
    return True
