"""JSON as units: a container's members may be dropped one by one and what is left parses again."""

import json
from dataclasses import dataclass, field
from typing import ClassVar

import regex

from promptpress.content.base import BlockType, WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit import Join, Passage
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span, trim

ATOMIC_LENGTH = 400
"""Containers up to this many characters are kept or dropped whole, so that a short record never loses a field."""
MAX_DEPTH = 60

_IDENTITY = regex.compile(r'"(?:name|id|_id|key|uuid|title|label|slug)"\s*+:\s*+[^\[{]', regex.IGNORECASE)
_LONGEST_IDENTITY = 120
_BLOCK_START = regex.compile(r"\s*(?:\{\s*(?:\"|\}|$)|\[\s*(?:[\[{\"\]]|-?\d[\d.]*,|$))")
_MOST_FAILURES = 50
"""Attempts to read a value that begins a line; each may cost the length of the text."""
_TOKEN = regex.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', regex.DOTALL)


class Json(WholeText, BlockType):
    """A JSON object or array: the whole text, or lines of it."""

    name: ClassVar[str] = "json"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Units as `json_units` has them."""
        start, end = trim(lines.text)
        if not is_json(lines.text, start, end):
            return False
        json_units(lines.text, start, end, out)
        return True

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a value may begin the line; it need not be one."""
        return lines.matches(_BLOCK_START, at)

    def block(self, lines: Lines, at: int) -> int:
        """The lines of one value, if nothing stands behind it on its last: a list of names in brackets is no document."""
        if not self.begins(lines, at) or lines.failures[self.name] >= _MOST_FAILURES:
            return 0
        try:
            _, end = _DECODER.raw_decode(lines.text, trim(lines.text, *lines.spans[at])[0])
        except (ValueError, RecursionError):
            lines.failures[self.name] += 1
            return 0
        last = at
        while lines.spans[last][1] < end:
            last += 1
        return 0 if lines.text[end : lines.spans[last][1]].strip() else last - at + 1

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Units as `json_units` has them."""
        json_units(text, *trim(text, start, end), out)

    def check(self, passage: Passage, text: str) -> bool:
        """A text that was JSON as a whole parses."""
        opening = passage.units[0] if passage.units else None
        if (
            opening is None
            or opening.kind is not Kind.JSON_MEMBER
            or opening.join is not Join.OPEN
            or len(passage.units) - 1 not in opening.requires
        ):
            return True
        try:
            json.loads(text)
        except ValueError:
            return False
        return True


_DECODER = json.JSONDecoder()


@dataclass(slots=True)
class _Container:
    start: int
    """Where the member begins: at its key, if it has one."""
    opening: int
    """Just after the opening bracket."""
    closing: int = 0
    members: list["_Container | Span"] = field(default_factory=list)


def is_json(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is one JSON object or array (not a bare number, string or word)."""
    if text[start : start + 1] not in ("{", "["):
        return False
    try:
        json.loads(text[start:end])
    except (ValueError, RecursionError):
        return False
    return True


def json_units(text: str, start: int, end: int, out: UnitList) -> None:
    """Add the units of the JSON document `text[start:end]`.

    Brackets of a container are structural units that its members require, so any subset of units closed under
    `requires`, joined by the separators of the original, parses. An object's first short member that says which one it is
    (`name`, `id`, ...) is required too: a description of nobody knows what helps no one.
    """
    _emit(text, _parse(text, start, end), out, depth=0)


def _parse(text: str, start: int, end: int) -> _Container:
    root: _Container | None = None
    stack: list[_Container] = []
    member_start = start

    def close_member(stop: int) -> None:
        span = trim(text, member_start, stop)
        if span[0] < span[1] and not (stack[-1].members and _covers(stack[-1].members[-1], span)):
            stack[-1].members.append(span)

    for token in _TOKEN.finditer(text, start, end):
        check()
        mark = text[token.start()]
        if mark in "[{":
            container = _Container(trim(text, member_start, token.end())[0], token.end())
            if stack:
                stack[-1].members.append(container)
            else:
                root = container
            stack.append(container)
            member_start = token.end()
        elif mark in "]}":
            close_member(token.start())
            stack.pop().closing = token.start()
            member_start = token.end()
        elif mark == ",":
            close_member(token.start())
            member_start = token.end()
    if root is None:
        raise ValueError("not a JSON container")
    return root


def _covers(member: "_Container | Span", span: Span) -> bool:
    return isinstance(member, _Container) and member.closing >= span[0]


def _emit(text: str, container: _Container, out: UnitList, depth: int) -> None:
    opening = out.add(container.start, container.opening, Kind.JSON_MEMBER, join=Join.OPEN, structural=True)
    identity: tuple[int, ...] = ()
    with out.under(opening):
        for member in container.members:
            check()
            if isinstance(member, _Container):
                start, end = member.start, member.closing + 1
                if end - start > ATOMIC_LENGTH and depth < MAX_DEPTH and member.members:
                    _emit(text, member, out, depth + 1)
                    continue
                out.add(start, end, Kind.JSON_MEMBER)
                continue
            start, end = member
            index = out.add(start, end, Kind.JSON_MEMBER)
            if not identity and end - start <= _LONGEST_IDENTITY and _IDENTITY.match(text, start, end):
                identity = (index,)
        closing = out.add(container.closing, container.closing + 1, Kind.JSON_MEMBER, join=Join.CLOSE, structural=True)
    out.require(opening, closing, *identity)
