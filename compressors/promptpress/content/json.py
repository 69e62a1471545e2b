"""JSON as units: a container's members may be dropped one by one and what is left parses again."""

import json
from dataclasses import dataclass, field, replace

import regex

from promptpress.content.kinds import Kind
from promptpress.content.unit import Join, Unit
from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span

ATOMIC_LENGTH = 400
"""Containers up to this many characters are kept or dropped whole, so that a short record never loses a field."""
MAX_DEPTH = 60

_IDENTITY = regex.compile(r'"(?:name|id|_id|key|uuid|title|label|slug)"\s*+:\s*+[^\[{]', regex.IGNORECASE)
_LONGEST_IDENTITY = 120
_TOKEN = regex.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', regex.DOTALL)


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


def json_units(text: str, start: int, end: int, first_index: int) -> list[Unit]:
    """Units of the JSON document `text[start:end]`, numbered from `first_index` for their `requires`.

    Brackets of a container are structural units that its members require, so any subset of units closed under
    `requires`, joined by the separators of the original, parses. An object's first short member that says which one it is
    (`name`, `id`, ...) is required too: a description of nobody knows what helps no one.
    """
    units: list[Unit] = []
    _emit(text, _parse(text, start, end), (), units, first_index, depth=0)
    return units


def _parse(text: str, start: int, end: int) -> _Container:
    root: _Container | None = None
    stack: list[_Container] = []
    member_start = start

    def close_member(stop: int) -> None:
        span = _trim(text, member_start, stop)
        if span and not (stack[-1].members and _covers(stack[-1].members[-1], span)):
            stack[-1].members.append(span)

    for token in _TOKEN.finditer(text, start, end):
        check()
        mark = text[token.start()]
        if mark in "[{":
            began = _trim(text, member_start, token.end())
            container = _Container(began[0] if began else token.start(), token.end())
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


def _emit(
    text: str, container: _Container, parent: tuple[int, ...], units: list[Unit], first_index: int, depth: int
) -> None:
    opening = first_index + len(units)
    identity: tuple[int, ...] = ()
    units.append(Unit(container.start, container.opening, Kind.JSON_MEMBER, Join.OPEN, structural=True))
    for member in container.members:
        check()
        if isinstance(member, _Container):
            start, end = member.start, member.closing + 1
            if end - start > ATOMIC_LENGTH and depth < MAX_DEPTH and member.members:
                _emit(text, member, (opening,), units, first_index, depth + 1)
                continue
        else:
            start, end = member
            if not identity and end - start <= _LONGEST_IDENTITY and _IDENTITY.match(text, start, end):
                identity = (first_index + len(units),)
        units.append(Unit(start, end, Kind.JSON_MEMBER, requires=(opening,)))
    closing = first_index + len(units)
    units.append(Unit(container.closing, container.closing + 1, Kind.JSON_MEMBER, Join.CLOSE, (opening,), structural=True))
    units[opening - first_index] = replace(units[opening - first_index], requires=(*parent, closing, *identity))


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
