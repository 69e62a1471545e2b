"""Character ranges `[start, end)` of a text."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def trim(text: str, start: int = 0, end: int | None = None) -> Span:
    """`[start, end)` without the white space at its edges; empty, so that start equals end, where there is nothing else."""
    end = len(text) if end is None else end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def merge(spans: Iterable[Span]) -> list[Span]:
    """Sorted, disjoint spans that cover the same characters; touching and empty spans are folded."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def subtract(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """What is left of `spans` (sorted, disjoint) outside `holes` (sorted, disjoint)."""
    left: list[Span] = []
    first = 0
    for start, end in spans:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        index = first
        while index < len(holes) and holes[index][0] < end:
            if holes[index][0] > start:
                left.append((start, holes[index][0]))
            start = max(start, holes[index][1])
            index += 1
        if start < end:
            left.append((start, end))
    return left


class SpanSet:
    """Sorted, disjoint spans with fast questions about them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = merge(spans)
        self._starts = [start for start, _ in self.spans]

    def overlaps(self, start: int, end: int) -> bool:
        """Whether any character of `[start, end)` is inside."""
        index = bisect_right(self._starts, start) - 1
        if index >= 0 and self.spans[index][1] > start and start < end:
            return True
        return index + 1 < len(self.spans) and self.spans[index + 1][0] < end

    def contains(self, start: int, end: int) -> bool:
        """Whether every character of `[start, end)` is inside."""
        index = bisect_right(self._starts, start) - 1
        return start >= end or (index >= 0 and self.spans[index][1] >= end)

    def splits(self, position: int) -> bool:
        """Whether `position` is strictly inside one of the spans, so that a cut there would break it."""
        index = bisect_right(self._starts, position) - 1
        return index >= 0 and self._starts[index] < position < self.spans[index][1]
