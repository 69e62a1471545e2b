"""Text inside the strings of JSON and its like: divided as any text is, in terms of what it says, not of its escapes."""

import sys
from bisect import bisect_right
from dataclasses import dataclass, replace

import regex

from promptpress.content.kinds import PROSE_KINDS, Kind
from promptpress.content.unit import Join, Passage, Unit
from promptpress.content.unit_list import UnitList

LONG_STRING = 200
"""Characters up to which a string is kept or dropped whole."""
_ESCAPE = regex.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)",
    regex.DOTALL,
)
_LITERAL = frozenset({Kind.JSON_MEMBER, Kind.STRING_SENTENCE, Kind.STRING_PART})
_PAIR_LENGTH = len(r"\ud83d\ude00")
_SURROGATES = range(0xD800, 0xE000)
_LEAST_UNITS = 2
_MEANING = {"n": "\n", "t": "\t", "r": "\r", "b": " ", "f": " ", "0": " ", "\n": " "}


@dataclass(frozen=True)
class Unescaped:
    """What the string literal `source[start:end]` says, and where each character of it stands."""

    text: str
    start: int
    places: list[int]
    """Places in `text` just behind an escape, ascending; `sources` are the places in the source that they come from."""
    sources: list[int]

    def source(self, place: int) -> int:
        """The place in the source of a place in the text; never inside an escape."""
        index = bisect_right(self.places, place) - 1
        return self.start + place if index < 0 else self.sources[index] + place - self.places[index]


def unescaped(source: str, start: int, end: int) -> Unescaped:
    """The text of a string literal without its quotes. Half a surrogate pair is read as U+FFFD: it says nothing."""
    pieces: list[str] = []
    places: list[int] = []
    sources: list[int] = []
    at, length = start, 0
    for match in _ESCAPE.finditer(source, start, end):
        pieces.append(source[at : match.start()])
        pieces.append(_character(match.group()))
        length += match.start() - at + 1
        at = match.end()
        places.append(length)
        sources.append(at)
    pieces.append(source[at:end])
    return Unescaped("".join(pieces), start, places, sources)


def _character(escape: str) -> str:
    mark, digits = escape[1], escape[2:]
    if mark == "u" and len(escape) == _PAIR_LENGTH:
        return chr(0x10000 + ((int(escape[2:6], 16) & 0x3FF) << 10) + (int(escape[8:], 16) & 0x3FF))
    if mark in "uUx" and digits:
        code = int(digits, 16)
        return "\ufffd" if code in _SURROGATES or code > sys.maxunicode else chr(code)
    return _MEANING.get(mark, mark)


def readable(passage: Passage) -> Passage:
    """The passage with the escapes of its literals read, unit for unit: what methods score is what the text says.

    `\\u6865` is no word to a model. The same passage where there are no escapes.
    """
    if "\\" not in passage.text or passage.source_passage is not None:
        return passage
    pieces: list[str] = []
    units: list[Unit] = []
    places: list[tuple[int, int]] = []
    """Where units begin and end: in the passage, and in what is returned."""
    at = length = 0
    for unit in passage.units:
        pieces.append(passage.text[at : unit.start])
        start = length = length + unit.start - at
        text = passage.text[unit.start : unit.end]
        pieces.append(unescaped(text, 0, len(text)).text if unit.kind in _LITERAL else text)
        length += len(pieces[-1])
        at = unit.end
        units.append(replace(unit, start=start, end=length))
        places += [(unit.start, start), (unit.end, length)]
    if at - length == 0:
        return passage
    pieces.append(passage.text[at:])
    hidden = [(_moved(places, start), _moved(places, end)) for start, end in passage.hidden]
    return Passage("".join(pieces), tuple(units), passage.title, hidden)


def _moved(places: list[tuple[int, int]], place: int) -> int:
    index = bisect_right(places, (place, sys.maxsize)) - 1
    if index < 0:
        return place
    limit = places[index + 1][1] if index + 1 < len(places) else sys.maxsize
    return min(limit, places[index][1] + place - places[index][0])


def string_units(source: str, start: int, end: int, out: UnitList) -> list[Unit]:
    """Units of the string literal `source[start:end]`, without its quotes; none if there are not two to choose from.

    Edges never fall inside an escape. `requires` are indices into the list. `out` divides the text but gets nothing.
    """
    if end - start <= LONG_STRING:
        return []
    string = unescaped(source, start, end)
    units = out.units_of(string.text)
    if sum(not unit.structural for unit in units) < _LEAST_UNITS:
        return []
    return [
        Unit(
            string.source(unit.start),
            string.source(unit.end),
            Kind.STRING_SENTENCE if unit.kind in PROSE_KINDS and unit.join is Join.FLOW else Kind.STRING_PART,
            unit.join,
            unit.requires,
            unit.structural,
        )
        for unit in units
    ]


def add_string_units(units: list[Unit], out: UnitList) -> None:
    """Add units that `string_units` has found under the open parent."""
    first = len(out.units)
    for unit in units:
        out.add(unit.start, unit.end, unit.kind, join=unit.join, structural=unit.structural)
    for index, unit in enumerate(units):
        if unit.requires:
            out.require(first + index, *(first + each for each in unit.requires))
