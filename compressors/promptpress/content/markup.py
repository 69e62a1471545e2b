"""HTML and XML: what is kept is inside the elements it was inside of, and every tag has its partner."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType, WholeText
from promptpress.content.element_units import ElementWriter
from promptpress.content.elements import Element, parse
from promptpress.content.lines import Lines
from promptpress.content.nested import whole_length
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_TAG_START = regex.compile(r"\s*<(?:[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>|!DOCTYPE\b|\?xml\b|!--)", regex.IGNORECASE)
_BLOCK_START = regex.compile(
    r"[ \t]*<(?P<name>table|ul|ol|dl|div|section|article|p|h[1-6]|img|figure|html|body|form|nav|header"
    r"|footer|main|aside|script|style|svg|select|tr|blockquote"
    r"|docs?|documents?|sources?|passages?|items?|results?|contexts?|pages?|examples?)\b[^<>]*>",
    regex.IGNORECASE,
)
_LONGEST_BLOCK = 4000
"""Lines of one element among other text."""
_LEAST_COVERED = 0.8


class Markup(WholeText, BlockType):
    """A text that begins with a tag and is mostly inside elements, or lines that are an element of HTML."""

    name: ClassVar[str] = "markup"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """The units of its elements."""
        text = lines.text
        if not _TAG_START.match(text):
            return False
        root = parse(text, 0, len(text))
        if root is None or not _is_markup(text, root):
            return False
        ElementWriter(text, out, whole_length(len(text))).add_children(root)
        return True

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line begins with the tag of a block."""
        return lines.matches(_BLOCK_START, at)

    def block(self, lines: Lines, at: int) -> int:
        """The lines of one element, if nothing stands behind it on its last."""
        if not self.begins(lines, at):
            return 0
        if self.name not in lines.found:
            lines.found[self.name] = _elements_by_line(lines)
        return lines.found[self.name].get(at, 0)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The units of the element."""
        root = parse(text, start, end)
        if root is None:
            out.add_blocks(text, *trim(text, start, end))
        else:
            ElementWriter(text, out, whole_length(end - start)).add_children(root)


def _is_markup(text: str, root: Element) -> bool:
    """Whether most of the text is inside elements, or beside others inside of one."""
    tags = root.count()
    if tags < 2:
        return False
    inside = sum(child.end - child.start for child in root.children if not child.is_text)
    return inside >= _LEAST_COVERED * len(text.strip())


def _elements_by_line(lines: Lines) -> dict[int, int]:
    """First line and number of lines of the elements that fill whole lines and begin with the tag of a block."""
    found: dict[int, int] = {}
    root = parse(lines.text, 0, len(lines.text))
    if root is None:
        return found
    starts = {start: index for index, (start, _) in enumerate(lines.spans)}
    level = [root]
    while level:
        inner: list[Element] = []
        for element in level:
            for child in element.children:
                if child.is_text or not child.closed:
                    continue
                line = starts.get(lines.text.rfind("\n", 0, child.start) + 1)
                last = starts.get(lines.text.rfind("\n", 0, child.end - 1) + 1)
                if line is None or last is None or last - line > _LONGEST_BLOCK:
                    continue
                before = lines.text[lines.spans[line][0] : child.start]
                behind = lines.text[child.end : lines.spans[last][1]]
                if not before.strip() and not behind.strip():
                    found.setdefault(line, last - line + 1)
        level = inner
    return found
