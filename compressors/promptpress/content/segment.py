"""`segment`: one text to one `Passage`."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from promptpress.content.base import Block, Container
from promptpress.content.blocks import find_blocks
from promptpress.content.kinds import STRUCTURED_KINDS, Kind
from promptpress.content.lines import Lines
from promptpress.content.outline import Outline
from promptpress.content.registry import CONTENT_TYPES, ContentTypes
from promptpress.content.scopes import Level, Reach, Scope
from promptpress.content.unit import Passage, Unit
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.graphemes import may_hold_clusters, splits_cluster
from promptpress.text.spans import Span

LONGEST_INTRODUCTION = 200
"""Characters up to which a sentence that introduces a list is kept with its items."""
_INTRODUCING = frozenset({"prose", "lists"})
_INTRODUCED = frozenset({"lists", "quotes"})


def segment(text: str, title: str = "", hidden: Sequence[Span] = (), types: ContentTypes = CONTENT_TYPES) -> Passage:
    """Divide any text into units whose slices and gaps partition it exactly.

    A text that is JSON, JSON lines, a delimited table or source code as a whole is divided along its own structure;
    anything else line by line into blocks, and paragraphs into sentences. `types` are asked in their order.
    """
    units = _units(text, types)
    if may_hold_clusters(text):
        units = _aligned(text, units)
    return Passage(text, tuple(units), title, tuple(hidden))


def _units(text: str, types: ContentTypes, depth: int = 0) -> list[Unit]:
    def add_blocks(text: str, start: int, end: int, out: UnitList) -> None:
        inside = UnitList(add_blocks, units_of)
        _add_blocks(Lines(text[start:end], depth + 1), types, inside)
        out.extend(inside.units, lambda position: start + position)

    def units_of(text: str) -> Sequence[Unit]:
        return segment(text, types=types).units

    lines, out = Lines(text, depth), UnitList(add_blocks, units_of)
    if text.strip() and not any(each.whole_text(lines, out) for each in types.whole_texts):
        _add_blocks(lines, types, out)
    return _with_needed_headings(out.units)


def _add_blocks(lines: Lines, types: ContentTypes, out: UnitList) -> None:
    blocks = list(find_blocks(lines, types))
    outline = Outline(lines, blocks)
    for index, block in enumerate(blocks):
        check()
        scope = outline.scope(index)
        first = len(out.units)
        _add(block, lines, types, outline.parent(block, scope), out)
        if scope is not None and first < len(out.units):
            outline.begin(scope, _owner(out.units, first, block), block)
        elif index + 1 < len(blocks):
            _begin_introduction(lines, block, blocks[index + 1], out.units, outline)


def _add(block: Block, lines: Lines, types: ContentTypes, parent: int | None, out: UnitList) -> None:
    with nullcontext() if parent is None else out.under(parent):
        if isinstance(block.type, Container):
            depth = lines.depth + 1
            block.type.contents(lines, block.start, block.end, out, lambda text: _units(text, types, depth))
        else:
            block.type.units(lines.text, block.start, block.end, out)


def _owner(units: Sequence[Unit], first: int, block: Block) -> int:
    """The unit of a block to which what follows belongs: the first one; of a quotation, the last that begins a line."""
    if not isinstance(block.type, Container):
        return first
    content = [index for index in range(first, len(units)) if not units[index].structural]
    return content[0] if content else first


def _begin_introduction(lines: Lines, block: Block, following: Block, units: Sequence[Unit], outline: Outline) -> None:
    """Let a list or quotation belong to the end of a paragraph that introduces it with a colon."""
    if block.type.name not in _INTRODUCING or following.type.name not in _INTRODUCED or not units:
        return
    last = units[-1]
    if lines.text[last.end - 1] in ":：" and last.end - last.start <= LONGEST_INTRODUCTION:
        outline.begin(Scope(Level.INTRODUCTION, Reach.ONE_BLOCK), len(units) - 1, block)


def _with_needed_headings(units: list[Unit]) -> list[Unit]:
    """Headings that nothing stands under are like any other line: they may be kept for what they say themselves."""
    needed = {required for unit in units for required in unit.requires}
    return [
        replace(unit, structural=False) if unit.structural and unit.kind is Kind.HEADING and index not in needed else unit
        for index, unit in enumerate(units)
    ]


def _aligned(text: str, units: list[Unit]) -> list[Unit]:
    """Move edges that fall inside a grapheme cluster outwards; a unit that would then touch its neighbour is joined to it.

    Structured units are left alone: their edges are brackets, separators and line breaks.
    """
    aligned: list[Unit] = []
    places: list[int] = []
    """The new index of each unit, as joining two moves those that follow."""
    for unit in units:
        check()
        start, end = unit.start, unit.end
        if unit.kind not in STRUCTURED_KINDS:
            while splits_cluster(text, start):
                start -= 1
            while splits_cluster(text, end):
                end += 1
            if aligned and aligned[-1].kind not in STRUCTURED_KINDS and start < aligned[-1].end:
                aligned[-1] = replace(aligned[-1], end=max(end, aligned[-1].end))
                places.append(len(aligned) - 1)
                continue
        places.append(len(aligned))
        aligned.append(unit if (start, end) == (unit.start, unit.end) else replace(unit, start=start, end=end))
    if len(aligned) == len(units):
        return aligned
    return [
        replace(unit, requires=tuple(places[each] for each in unit.requires if places[each] != index))
        for index, unit in enumerate(aligned)
    ]
