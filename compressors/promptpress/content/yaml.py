"""YAML by its indentation: what is kept stands under the keys it stood under, and parses."""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import regex

from promptpress.content.base import WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.nested import Node, NodeWriter, whole_length
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_KEY = regex.compile(
    r"""(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'"""
    r"""|[\p{L}\p{N}_$./<@*~][^\s:#"']{0,100}(?:[ ][^\s:#"']{1,40}){0,4}+)[ ]?+:(?:[ \t]+|$)"""
)
_ITEM = regex.compile(r"-(?:[ \t]+|$)")
_BLOCK_SCALAR = regex.compile(r"(?:[!&]\S+\s+)*[|>][+\-0-9]*\s*(?:#.*)?$")
_NESTED = regex.compile(r"(?:[!&]\S*\s*)*(?:#.*)?$")
_SENTENCE = regex.compile(r"(?:\p{L}[\p{L}'’,]*\s+){9}")
_IDENTITY = regex.compile(r"[\"']?(?:name|id|uuid|key|title|kind|apiVersion)[\"']?\s*:\s", regex.IGNORECASE)
_LONGEST_IDENTITY = 120
_MOST_ITEM_LEVELS = 8


@dataclass(slots=True)
class _Entry:
    start: int
    """Where its line, or the comment above it, begins."""
    end: int
    indent: int
    item: bool
    key: bool
    inner: int
    """The column of what follows the hyphen of an item."""
    nested: bool
    """Whether its value is below it."""
    identity: bool = False
    """Whether its key is one that says which thing this is."""


class Yaml(WholeText):
    """A text whose lines are keys and items, some of them below others."""

    name: ClassVar[str] = "yaml"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """A unit for each value with its key, and for each short item of a list."""
        entries = _entries(lines)
        if not entries:
            return False
        writer = NodeWriter(out, Kind.RECORD, whole_length(len(lines.text)))
        document: int | None = None
        roots: list[Node] = []
        for entry, node in _tree(entries):
            if entry.indent < 0:
                _write(writer, roots, document)
                roots = []
                document = out.add(node.start, node.opened, Kind.RECORD, structural=True)
            else:
                roots.append(node)
        _write(writer, roots, document)
        return True


def _write(writer: NodeWriter, nodes: list[Node], document: int | None) -> None:
    for node in nodes:
        if document is None:
            writer.add(node)
        else:
            with writer.out.under(document):
                writer.add(node)


def _entries(lines: Lines) -> list[_Entry] | None:
    """One entry for each key and item with the lines its value goes on in; None if a line is neither."""
    entries: list[_Entry] = []
    comment: int | None = None
    scalar: int | None = None
    sentences = 0
    for start, end in lines.spans:
        check()
        line = lines.text[start:end]
        body = line.strip()
        if not body:
            continue
        indent = len(line) - len(line.lstrip(" "))
        if scalar is not None and indent > scalar:
            entries[-1].end = end
            continue
        scalar = None
        if body.startswith("#"):
            comment = start if comment is None else comment
            continue
        if line.startswith("\t"):
            return None
        begin = start if comment is None else comment
        entry = _entry(line, indent, begin, end)
        if entry is None:
            if not entries or comment is not None or entries[-1].nested or indent <= entries[-1].indent:
                return None
            entries[-1].end = end  # a value of several lines
            continue
        if entry.indent > 0 and entries and not _may_hold(entries, entry):
            return None
        comment = None
        entries.append(entry)
        sentences += _SENTENCE.search(body) is not None
        if _BLOCK_SCALAR.search(_value(body)):
            entry.nested, scalar = False, entry.inner if entry.item and entry.key else entry.indent
    return entries if _is_yaml(entries, sentences) else None


def _entry(line: str, indent: int, start: int, end: int) -> _Entry | None:
    body = line.strip()
    if body in ("---", "...") or body.startswith(("--- ", "%YAML")):
        return _Entry(start, end, -1, False, False, -1, False)
    at = indent
    item = False
    while match := _ITEM.match(line, at):
        item, at = True, match.end()
        if at - indent > 2 * _MOST_ITEM_LEVELS:
            break
    key = _KEY.match(line, at)
    if key:
        return _Entry(start, end, indent, item, True, at, _NESTED.match(line, key.end()) is not None, _is_identity(line, at))
    if item:
        return _Entry(start, end, indent, True, False, at, at >= len(line.rstrip()))
    return None


def _is_identity(line: str, at: int) -> bool:
    return len(line) <= _LONGEST_IDENTITY and _IDENTITY.match(line, at) is not None


def _value(body: str) -> str:
    at = 0
    while match := _ITEM.match(body, at):
        at = match.end()
    key = _KEY.match(body, at)
    return body[key.end() :] if key else body[at:]


def _may_hold(entries: list[_Entry], entry: _Entry) -> bool:
    """Whether the entry can stand where it does: beside an entry before it, or below one with nothing behind its colon."""
    for before in reversed(entries):
        if before.indent < 0:
            return entry.indent == 0
        if before.item and before.key and before.inner == entry.indent:
            return not entry.item or before.nested
        if before.indent == entry.indent:
            return True
        if before.indent < entry.indent:
            return before.nested
    return False


def _is_yaml(entries: list[_Entry], sentences: int) -> bool:
    keys = sum(entry.key for entry in entries)
    below = any(after.indent > before.indent >= 0 for before, after in itertools.pairwise(entries))
    items_below = any(
        before.nested and after.item and after.indent == before.indent for before, after in itertools.pairwise(entries)
    )
    return keys >= 3 and (below or items_below) and keys >= 0.4 * len(entries) and sentences <= 0.2 * len(entries)


def _tree(entries: list[_Entry]) -> list[tuple[_Entry, Node]]:
    """The outermost entries, each with the node that everything below it is in."""
    roots: list[tuple[_Entry, Node]] = []
    stack: list[tuple[_Entry, Node]] = []
    for entry in entries:
        check()
        node = Node(entry.start, entry.end, entry.end, entry.end)
        while stack and not _belongs(stack[-1][0], entry):
            _close(stack)
        if stack:
            _put_inside(*stack[-1], entry, node)
        else:
            roots.append((entry, node))
        if entry.indent >= 0:
            stack.append((entry, node))
    while stack:
        _close(stack)
    return roots


def _close(stack: list[tuple[_Entry, Node]]) -> None:
    """Take the last open node off the stack; it ends where what is inside it ends."""
    _, node = stack.pop()
    if node.children:
        node.end = node.closing = max(node.opened, node.children[-1].end)


def _belongs(above: _Entry, entry: _Entry) -> bool:
    if entry.indent > above.indent:
        return True
    return entry.indent == above.indent and entry.item and above.key and above.nested and not above.item


def _put_inside(above: _Entry, parent: Node, entry: _Entry, node: Node) -> None:
    if above.item and above.nested and entry.indent == above.inner and not entry.item:
        # The value of the item's first key ends here. The item cannot be without it, and what follows not without the item.
        if parent.children:
            parent.opened = parent.children[-1].end
            parent.children.clear()
        above.nested = False
    node.identity = entry.key and not entry.nested and not entry.item and entry.identity
    parent.children.append(node)
