"""Whether kept units stand where they belong: below their own headings, on lines of their own."""

import itertools
from collections.abc import Set

from promptpress.content import Join, Passage
from promptpress.content.render import joint


def misplaced(passage: Passage, kept: Set[int]) -> set[int]:
    """Kept units that have lost something they require, or stand on a line with a unit that stood on another one.

    A unit that began a line of the original begins one of the result, or follows the mark of its line.
    """
    broken = {unit for unit in kept if not kept >= set(passage.units[unit].requires)}
    order = sorted(kept)
    for left, right in itertools.pairwise(order):
        if right == left + 1 or passage.units[left].join is Join.OPEN:
            continue
        start, end = joint(passage, left, right)
        if "\n" not in passage.text[start:end] and _apart(passage, left, right):
            broken.add(right)
    return broken


def _apart(passage: Passage, left: int, right: int) -> bool:
    """Whether a line of the original ends between two units, in a gap rather than inside a unit."""
    text, gaps = passage.text, passage.gaps
    return any("\n" in text[slice(*gaps[gap])] for gap in range(left + 1, right + 1))
