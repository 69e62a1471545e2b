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


def line_start(text: str, position: int, least: int = 0) -> int:
    """The beginning of the line where only spaces and tabs stand before `position`, not before `least`; else `position`."""
    first = position
    while first > least and text[first - 1] in " \t":
        first -= 1
    return first if first == 0 or text[first - 1] == "\n" else position


def trim_lines(text: str, start: int, end: int) -> list[Span]:
    """The lines of `text[start:end]` that are not blank, with their indentation and without white space at their ends."""
    found: list[Span] = []
    while start < end:
        line_end = text.find("\n", start, end)
        line_end = end if line_end < 0 else line_end
        last = trim(text, start, line_end)[1]
        if start < last:
            found.append((start, last))
        start = line_end + 1
    return found


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
