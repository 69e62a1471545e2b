"""Elements of HTML and XML with exact offsets. Reads what browsers forgive: tags without an end, ends without a tag."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

from promptpress.runtime.cancellation import check
from promptpress.text.spans import trim

TEXT = "#text"
OPAQUE = "#opaque"
"""Comments, declarations, scripts, styles: nothing to read."""

_TOKEN = regex.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<![A-Za-z][^<>\[]*(?:\[[^\]]*\]\s*)?>|<\?.*?\?>
    |</(?P<close>[A-Za-z_][\w:.\-]*)\s*>
    |<(?P<open>[A-Za-z_][\w:.\-]*)(?P<attributes>(?:\s++(?:[^\s<>"'=/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>"']++))?+|/(?!>)))*+)\s*+(?P<self>/?)>""",
    regex.VERBOSE | regex.DOTALL,
)
_RAW = regex.compile(r"</(?:script|style|svg|noscript|template)\s*>", regex.IGNORECASE)
RAW_NAMES = frozenset({"script", "style", "svg", "template"})
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_OPTIONAL_END = frozenset(["li", "p", "td", "th", "tr", "dt", "dd", "option", "thead", "tbody", "tfoot", "colgroup"])
_CLOSED_BY = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "td": {"td", "th", "tr", "tbody", "tfoot"},
    "th": {"td", "th", "tr", "tbody", "tfoot"},
    "tr": {"tr", "tbody", "tfoot"},
    "thead": {"tbody", "tfoot"},
    "tbody": {"tbody", "tfoot"},
    "option": {"option", "optgroup"},
    "p": {
        "p",
        "div",
        "ul",
        "ol",
        "dl",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "pre",
        "blockquote",
    },
}
_MAX_DEPTH = 200
_MOST_STRAY = 0.1


@dataclass(slots=True)
class Element:
    """`text[start:end]`: the opening tag up to `opened`, what is inside, the closing tag from `closing` on."""

    name: str
    start: int
    opened: int
    closing: int = 0
    end: int = 0
    children: list["Element"] = field(default_factory=list)
    closed: bool = False
    """Whether it has all tags it needs."""

    @property
    def is_text(self) -> bool:
        """Whether it is text between tags."""
        return self.name == TEXT

    def count(self) -> int:
        """The number of elements inside."""
        stack, total = list(self.children), 0
        while stack:
            each = stack.pop()
            total += not each.is_text
            stack += each.children
        return total

    def inside(self) -> Iterator["Element"]:
        """Every element and text inside, in order."""
        stack = self.children[::-1]
        while stack:
            each = stack.pop()
            yield each
            stack += each.children[::-1]


def parse(text: str, start: int, end: int) -> Element | None:
    """The elements of `text[start:end]` inside a root without tags; None if the tags make no sense."""
    root = Element("", start, start, end, end)
    parser = _Parser(text, root)
    at = start
    while token := _TOKEN.search(text, at, end):
        check()
        parser.add_text(at, token.start())
        at = parser.add_token(token, end)
    parser.add_text(at, end)
    while len(parser.open) > 1:
        parser.close_implied(end)
    return None if parser.stray > _MOST_STRAY * max(1, parser.tags) else root


class _Parser:
    def __init__(self, text: str, root: Element) -> None:
        self._text = text
        self.open = [root]
        self.stray = 0
        self.tags = 0

    def add_text(self, start: int, end: int) -> None:
        span = trim(self._text, start, end)
        if span[0] < span[1]:
            self._add(Element(TEXT, span[0], span[0], span[1], span[1], closed=True))

    def add_token(self, token: "regex.Match[str]", end: int) -> int:
        """Add a tag or what takes its place; returns where to go on reading."""
        if token["close"]:
            self._close(token["close"], token.start(), token.end())
            return token.end()
        name = token["open"]
        if not name:
            cdata = self._text.startswith("<![CDATA[", token.start())
            self._add(Element(TEXT if cdata else OPAQUE, token.start(), token.end(), token.end(), token.end(), closed=True))
            return token.end()
        self.tags += 1
        lower = name.lower()
        while self.open[-1].name.lower() in _CLOSED_BY and lower in _CLOSED_BY[self.open[-1].name.lower()]:
            self.close_implied(token.start())
        element = Element(name, token.start(), token.end(), token.end(), token.end())
        if token["self"] or (lower in VOID and not self._is_closed_soon(name, token.end(), end)):
            element.closed = True
            self._add(element)
            return token.end()
        if lower in RAW_NAMES and (raw := _RAW.search(self._text, token.end(), end)):
            element.name, element.closing, element.end, element.closed = OPAQUE, raw.start(), raw.end(), True
            self._add(element)
            return raw.end()
        self._add(element)
        if len(self.open) < _MAX_DEPTH:
            self.open.append(element)
        else:
            self.stray += 1
        return token.end()

    def close_implied(self, at: int) -> None:
        """Close the innermost open element where its end tag is missing."""
        element = self.open.pop()
        element.closing = element.end = max(element.opened, trim(self._text, element.opened, at)[1])
        element.closed = element.name.lower() in _OPTIONAL_END
        if not element.closed:
            # An opening tag without an end is a tag by itself; what follows it is not inside of it.
            self.stray += 1
            self.open[-1].children += element.children
            element.children = []
            element.closing = element.end = element.opened

    def _is_closed_soon(self, name: str, at: int, end: int) -> bool:
        """Whether an end follows a tag that is void in HTML: in XML it is not."""
        stop = min(end, at + 400)
        closing = self._text.find(f"</{name}>", at, stop)
        return closing >= 0 and self._text.find(f"<{name}", at, closing) < 0

    def _close(self, name: str, start: int, end: int) -> None:
        depth = next((i for i in range(len(self.open) - 1, 0, -1) if self.open[i].name == name), 0)
        if not depth:
            depth = next((i for i in range(len(self.open) - 1, 0, -1) if self.open[i].name.lower() == name.lower()), 0)
        if not depth:
            self.stray += 1
            self._add(Element(OPAQUE, start, end, end, end))
            return
        while len(self.open) - 1 > depth:
            self.close_implied(start)
        element = self.open.pop()
        element.closing, element.end, element.closed = start, end, True

    def _add(self, element: Element) -> None:
        self.open[-1].children.append(element)
