"""`segment`: one text to one `Passage`."""

from collections.abc import Sequence
from dataclasses import replace

from promptpress.content.blocks import find_blocks
from promptpress.content.kinds import STRUCTURED_KINDS
from promptpress.content.lines import Lines
from promptpress.content.registry import CONTENT_TYPES, ContentTypes
from promptpress.content.unit import Passage, Unit
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.graphemes import may_hold_clusters, splits_cluster
from promptpress.text.spans import Span


def segment(text: str, title: str = "", hidden: Sequence[Span] = (), types: ContentTypes = CONTENT_TYPES) -> Passage:
    """Divide any text into units whose slices and gaps partition it exactly.

    A text that is JSON, JSON lines, a delimited table or source code as a whole is divided along its own structure;
    anything else line by line into blocks, and paragraphs into sentences. `types` are asked in their order.
    """
    units = _units(text, types)
    if may_hold_clusters(text):
        units = _aligned(text, units)
    return Passage(text, tuple(units), title, tuple(hidden))


def _units(text: str, types: ContentTypes) -> list[Unit]:
    def add_blocks(text: str, start: int, end: int, out: UnitList) -> None:
        for block in find_blocks(lines if end - start == len(text) else Lines(text[start:end]), types):
            check()
            block.type.units(text, start + block.start, start + block.end, out)

    lines, out = Lines(text), UnitList(add_blocks)
    if text.strip() and not any(each.whole_text(lines, out) for each in types.whole_texts):
        out.add_blocks(text, 0, len(text))
    return out.units


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
