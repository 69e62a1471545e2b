"""Cuts token sequences into windows that a model can read, by whole units where there are units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from promptpress.arrays import Int32Array, Int64Array
from promptpress.backends.tokenized import Tokenized
from promptpress.content import Passage

# What is read of a title. The values differ since each model was trained, or its results fixed, with its own.
ENCODER_TITLE_TOKENS = 32
CROSS_ENCODER_TITLE_TOKENS = 24
EVALUATOR_TITLE_TOKENS = 32

OVERLAP = 0.125
"""Share of a window that repeats the end of the window before, so that no token is read without its left context."""


@dataclass(frozen=True)
class OverlappingWindow:
    """Tokens `[begin, end)` are read together; the results are used for `[first, end)`."""

    begin: int
    first: int
    end: int


def overlapping_windows(length: int, size: int) -> list[OverlappingWindow]:
    """Windows of at most `size` tokens over a sequence of `length`. Their used parts follow on each other."""
    found = [OverlappingWindow(0, 0, min(length, size))]
    overlap = int(size * OVERLAP)
    while (first := found[-1].end) < length:
        begin = first - overlap
        found.append(OverlappingWindow(begin, first, min(length, begin + size)))
    return found


@dataclass(frozen=True)
class UnitTokens:
    """The tokens of a passage that belong to its units.

    `ids` and `owners` are (tokens,): the token ids and the unit of each. The tokens of unit u are
    `[edges[u], edges[u + 1])`; `edges` is (units + 1,).
    """

    ids: Int32Array
    owners: Int64Array
    edges: Int64Array


def unit_tokens(passage: Passage, tokens: Tokenized) -> UnitTokens:
    """The tokens of the passage without those between units and in hidden tags."""
    owners = token_owners(passage, tokens)
    inside = owners >= 0
    ids, owners = tokens.ids[inside], owners[inside]
    return UnitTokens(ids, owners, np.searchsorted(owners, np.arange(len(passage.units) + 1)))


def token_owners(passage: Passage, tokens: Tokenized) -> Int64Array:
    """The unit that each token starts in (tokens,); -1 for tokens between units and in hidden tags."""
    starts = np.asarray([unit.start for unit in passage.units], dtype=np.int64)
    ends = np.asarray([unit.end for unit in passage.units], dtype=np.int64)
    if not len(starts):
        return np.full(len(tokens.starts), -1)
    owner = np.searchsorted(starts, tokens.starts, side="right") - 1
    owner[(owner >= 0) & (tokens.starts >= ends[owner])] = -1
    for start, end in passage.hidden:
        owner[(tokens.starts >= start) & (tokens.starts < end)] = -1
    return owner


@dataclass(frozen=True)
class UnitRun:
    """Tokens `[start, end)` of consecutive units. `alone`: of one unit that is to be read without its neighbours."""

    start: int
    end: int
    alone: bool = False


def unit_runs(
    edges: Int64Array, size: int, alone: Sequence[bool] | None = None, join_remainder: bool = False
) -> Iterator[UnitRun]:
    """Runs of whole units, as many together as fit in `size` tokens, in order and without empty ones.

    A unit of more tokens than that is a run of its own, for the caller to cut; with `join_remainder` it is cut into runs of
    `size` here, and its last piece shares a run with the units after it. `alone` marks units that share a run with no
    other; they are never cut here.
    """
    begin = 0
    for unit in range(len(edges) - 1):
        start, end = int(edges[unit]), int(edges[unit + 1])
        by_itself = alone is not None and alone[unit]
        if begin < start and (by_itself or end - begin > size):
            yield UnitRun(begin, start)
            begin = start
        if by_itself:
            if start < end:
                yield UnitRun(start, end, alone=True)
            begin = end
        while join_remainder and end - begin > size:
            yield UnitRun(begin, begin + size)
            begin += size
    if begin < edges[-1]:
        yield UnitRun(begin, int(edges[-1]))
