"""Kept units back to text: slices of the original, with the original's own white space between them."""

from collections.abc import Set
from dataclasses import dataclass

from compressors.segmentation import Join, Passage
from compressors.spans import Span, merge, subtract


@dataclass(frozen=True)
class Rendered:
    """`text` is the concatenation of the original's slices at `spans`, which are ordered and disjoint."""

    text: str
    spans: list[Span]


def render(passage: Passage, kept: Set[int]) -> Rendered:
    """Concatenate the kept units of a passage, each joined to the next by one of the gaps that lay between them.

    The gap with the most line breaks is used, so that a paragraph break survives the sentences around it; inside JSON,
    the separator that the grammar needs there.
    """
    if not kept:
        return Rendered("", [])
    gaps, units = passage.gaps, passage.units
    order = sorted(kept)
    spans: list[Span] = [gaps[0]] if order[0] == 0 else []
    previous: int | None = None
    for index in order:
        if previous is not None:
            spans.append(_joint(passage, previous, index))
        spans.append((units[index].start, units[index].end))
        previous = index
    if order[-1] == len(units) - 1:
        spans.append(gaps[-1])
    spans = subtract(merge(spans), passage.hidden) if passage.hidden else merge(spans)
    return Rendered("".join(passage.text[start:end] for start, end in spans), spans)


def _joint(passage: Passage, left: int, right: int) -> Span:
    """The gap to use between two consecutive kept units."""
    gaps = passage.gaps
    if right == left + 1:
        return gaps[right]
    if passage.units[left].join is Join.OPEN:
        return gaps[left + 1]
    if passage.units[right].join is Join.CLOSE or passage.units[right].requires:
        return gaps[right]
    best = max(range(left + 1, right + 1), key=lambda g: (passage.text.count("\n", *gaps[g]), gaps[g][1] > gaps[g][0], g))
    return gaps[best]
