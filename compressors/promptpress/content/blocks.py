"""A text that is of no type as a whole, divided into blocks of lines."""

from collections.abc import Iterator, Sequence

from promptpress.content.base import Block, LineType, Paragraph
from promptpress.content.lines import Lines
from promptpress.content.registry import ContentTypes

_WRAP_WIDTHS = range(40, 131)
"""Characters of the longest line of a paragraph that was wrapped at a fixed width."""
_SHORTEST_BEFORE_LOWER_CASE = 30
"""Characters of the shortest line that goes on in a next one that begins in lower case."""


def find_blocks(lines: Lines, types: ContentTypes) -> Iterator[Block]:
    """Blocks in order, covering every line that is not blank; types are asked in their order."""
    at = 0
    while at < len(lines):
        if lines.blank(at):
            at += 1
            continue
        for block_type in types.blocks:
            if count := block_type.block(lines, at):
                yield Block(lines.spans[at][0], lines.spans[at + count - 1][1], block_type)
                at += count
                break
        else:
            stop = _paragraph_end(lines, at, types)
            yield from _paragraph_blocks(lines, at, stop, types.lines)
            at = stop


def _paragraph_end(lines: Lines, first: int, types: ContentTypes) -> int:
    at = first + 1
    while at < len(lines) and not lines.blank(at) and not any(each.begins(lines, at) for each in types.blocks):
        at += 1
    return at


def _paragraph_blocks(lines: Lines, first: int, stop: int, types: Sequence[LineType]) -> Iterator[Block]:
    """Each line of the paragraph by itself, but the lines of one hard-wrapped paragraph together."""
    marks = [next(each for each in types if each.marks(lines, index)) for index in range(first, stop)]
    paragraph = Paragraph(lines, first, marks)
    claimed = next((each for each in types if each.claims(paragraph)), None)
    prose = types[-1]
    widest = max(end - start for start, end in lines.spans[first:stop])
    begin = first
    for index in range(first, stop):
        wraps = not claimed and index + 1 < stop and marks[index + 1 - first] is prose
        if wraps and (_wraps(lines, index, widest, types) or marks[begin - first].goes_on(lines, begin, index + 1)):
            continue
        mark = marks[begin - first]
        yield Block(lines.spans[begin][0], lines.spans[index][1], claimed or (prose if mark.needs_paragraph else mark))
        begin = index + 1


def _wraps(lines: Lines, index: int, widest: int, types: Sequence[LineType]) -> bool:
    """Whether the line goes on in the next one, as in text wrapped at a fixed width."""
    if any(each.ends_with_line(lines, index) for each in types):
        return False
    start, end = lines.spans[index]
    next_start = lines.spans[index + 1][0]
    if lines.text[next_start : next_start + 1].islower():
        return end - start >= _SHORTEST_BEFORE_LOWER_CASE
    full = end - start >= 0.7 * widest and widest in _WRAP_WIDTHS
    return full and not lines.text[start:end].rstrip().endswith((":", "：", ".", "!", "?", "。"))
