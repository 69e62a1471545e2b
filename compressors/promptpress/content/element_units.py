"""Units of elements: small ones whole, the tags of others with what is inside."""

import regex

from promptpress.content.elements import OPAQUE, VOID, Element
from promptpress.content.kinds import Kind
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.blobs import BLOB
from promptpress.text.spans import Span, trim

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_PARAGRAPHS = frozenset({"p", "li", "dd", "dt", "blockquote", "figcaption", "caption", "td", "th", "summary", *_HEADINGS})
_WHOLE = frozenset({"tr", "thead", "colgroup", "option", "head", "button", "select", "video", "audio", "math", "pre"})
_LONGEST_WHOLE = 3000
_IDENTITY = frozenset({"name", "id", "title", "key", "label", "guid", "isbn", "sku", "source", "url", "link"})
_LONGEST_IDENTITY = 160
_TAG = regex.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z_][\w:.\-]*)(?:\s[^<>]*?)?(?P<self>/?)>")
_CELL = regex.compile(r"<td\b", regex.IGNORECASE)
_HEAD_CELL = regex.compile(r"<th\b", regex.IGNORECASE)
_MAX_DEPTH = 60


class ElementWriter:
    """Adds the units of elements. `whole` is the length up to which an element with others inside is one unit."""

    def __init__(self, text: str, out: UnitList, whole: int) -> None:
        self._text = text
        self._out = out
        self._whole = whole

    def add_children(self, parent: Element, depth: int = 0) -> list[int]:
        """Add everything inside an element; returns what says which one it is.

        What follows a heading requires it, rows of a table its header, and a definition the term before it.
        """
        headings: list[tuple[int, int]] = []
        header: list[int] = []
        term: int | None = None
        identities: list[int] = []
        for position, child in enumerate(parent.children):
            check()
            name = child.name.lower()
            first = len(self._out.units)
            level = self._heading_level(child)
            if level:
                headings = [each for each in headings if each[0] < level]
                more = position + 1 < len(parent.children)
                self._out.add(child.start, child.end, Kind.ELEMENT, structural=more, requires=_last(headings))
                headings.append((level, first))
                continue
            above = _last(headings)
            if self._is_header_row(child):
                header.append(self._out.add(child.start, child.end, Kind.ELEMENT, structural=True, requires=above))
                continue
            identity = self._add(child, depth)
            if identity:
                identities.append(first)
            required = (*above, *(header if name in ("tr", "tbody", "tfoot") else ()))
            if name == "dt":
                term = first
            elif name == "dd" and term is not None:
                required = (*required, term)
            if required and first < len(self._out.units):
                self._out.require(first, *required)
        return identities

    def _heading_level(self, element: Element) -> int:
        """1 to 6 for a heading, or an element with nothing but a heading inside; else 0."""
        while len(element.children) == 1 and element.name.lower() in ("header", "div", "hgroup"):
            element = element.children[0]
        return _HEADINGS.get(element.name.lower(), 0)

    def _is_header_row(self, element: Element) -> bool:
        if element.name.lower() == "thead":
            return element.closed
        if element.name.lower() != "tr":
            return False
        return bool(_HEAD_CELL.search(self._text, element.start, element.end)) and not _CELL.search(
            self._text, element.start, element.end
        )

    def _add(self, element: Element, depth: int) -> bool:
        """Add one element; returns whether it says which one its parent is. Its first unit is required by all others."""
        name, start, end = element.name.lower(), element.start, element.end
        if element.is_text:
            self._add_text(start, end)
        elif element.name == OPAQUE or BLOB.search(self._text, start, element.opened):
            self._out.add(start, element.opened if element.children else end, Kind.OPAQUE)
            if element.children:
                self._add_rest(element, depth, len(self._out.units) - 1)
        elif self._is_one_unit(element, name) or depth >= _MAX_DEPTH:
            self._out.add(start, end, Kind.ELEMENT)
            return name in _IDENTITY and end - start <= _LONGEST_IDENTITY
        else:
            opening = self._out.add(
                start, element.opened, Kind.ELEMENT, structural=True, join=Join.OPEN if element.closing < end else Join.FLOW
            )
            self._add_rest(element, depth, opening)
        return False

    def _add_rest(self, element: Element, depth: int, opening: int) -> None:
        required: list[int] = []
        with self._out.under(opening):
            if element.name.lower() in _PARAGRAPHS and self._is_inline(element):
                self._add_sentences(element.opened, element.closing)
            else:
                required += self.add_children(element, depth + 1)
            if element.closing < element.end:
                required.append(self._out.add(element.closing, element.end, Kind.ELEMENT, join=Join.CLOSE, structural=True))
        self._out.require(opening, *required)

    def _is_one_unit(self, element: Element, name: str) -> bool:
        length = element.end - element.start
        if not element.children or name in VOID:
            return True
        if BLOB.search(self._text, element.start, element.end):
            return False
        if name in _WHOLE:
            return length <= _LONGEST_WHOLE
        if name in _INLINE or self._is_inline(element):
            return length <= (300 if name in _INLINE or name in _PARAGRAPHS else 160)
        return length <= self._whole and not self._has_table(element)

    def _has_table(self, element: Element) -> bool:
        rows = sum(each.name.lower() == "tr" for each in element.inside())
        return rows > 2

    def _is_inline(self, element: Element) -> bool:
        return all(each.is_text or each.name.lower() in _INLINE for each in element.inside())

    def _add_text(self, start: int, end: int) -> None:
        if end - start > 160 and "\n" in self._text[start:end]:
            self._out.add_blocks(self._text, start, end)
        else:
            self._add_sentences(start, end)

    def _add_sentences(self, start: int, end: int) -> None:
        """Sentences; those that a tag goes over are one unit."""
        joined: list[Span] = []
        depth = 0
        for span in sentence_spans(self._text, *trim(self._text, start, end)):
            if depth > 0:
                joined[-1] = (joined[-1][0], span[1])
            else:
                joined.append(span)
            depth = max(0, depth + self._tag_balance(*span))
        for a, b in joined:
            tags = "<" in self._text[a:b]
            self._out.add(a, b, Kind.ELEMENT if tags else Kind.SENTENCE)

    def _tag_balance(self, start: int, end: int) -> int:
        balance = 0
        for match in _TAG.finditer(self._text, start, end):
            if not match["self"] and match["name"].lower() not in VOID:
                balance += -1 if match["slash"] else 1
        return balance


def _last(headings: list[tuple[int, int]]) -> tuple[int, ...]:
    return (headings[-1][1],) if headings else ()
