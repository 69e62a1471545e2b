"""Semantic chunks: runs of units that are about the same thing, large enough to rewrite and small enough to check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress.content import STRUCTURED_KINDS, Kind, Passage
from promptpress.content.kinds import REWRITABLE_KINDS
from promptpress.runtime.cancellation import check

SMALLEST, LARGEST = 40, 400
"""Tokens of a chunk: smaller ones join a neighbour, larger ones are divided."""
_OUTLIER_PERCENTILE = 10
_OUTLIERS_FROM = 10
"""Chunks from which on an outlying one can be told."""


@dataclass
class Chunk:
    """Units `first` to `last` (inclusive) of one passage, with their tokens and vector. `outlier`: why not to rewrite it."""

    passage: int
    first: int
    last: int
    tokens: int
    vector: NDArray[np.float32]
    outlier: str | None = None

    @property
    def units(self) -> range:
        """Indices of its units."""
        return range(self.first, self.last + 1)


def chunk(
    passages: Sequence[Passage],
    vectors: Sequence[PassageVectors],
    count: Callable[[str], int],
) -> list[Chunk]:
    """Chunks of all passages in order; every unit is in one.

    Boundaries lie where the cosine distance between windows of three sentences reaches max(90th percentile, mean + one
    standard deviation), at headings, and where prose meets lists, tables, code and turns. Outliers: what is not prose, what
    stays too short, and what resembles no other chunk (below the 10th percentile of mean similarity).
    """
    chunks: list[Chunk] = []
    for index, (passage, vector) in enumerate(zip(passages, vectors, strict=True)):
        check()
        sizes = [count(passage.slice(unit)) for unit in range(len(passage.units))]
        chunks += _of_passage(index, passage, vector.units.astype(np.float32), sizes)
    _mark_outliers(chunks, passages)
    return chunks


def _of_passage(index: int, passage: Passage, units: NDArray[np.float32], sizes: Sequence[int]) -> list[Chunk]:
    if not passage.units:
        return []
    distances = _distances(units)
    usual = distances[distances > 0]
    limit = max(float(np.percentile(usual, 90)), float(usual.mean() + usual.std())) if len(usual) else 2.0
    forced = [_forced(passage, unit) for unit in range(1, len(passage.units))]
    starts = [0, *(unit for unit in range(1, len(passage.units)) if forced[unit - 1] or distances[unit - 1] >= limit)]
    runs = [(first, last - 1) for first, last in zip(starts, [*starts[1:], len(passage.units)], strict=True)]
    runs = _joined(runs, sizes, units, [unit for unit, hard in enumerate(forced, 1) if hard])
    divided = [part for run in runs for part in _divided(run, sizes, distances)]
    return [
        Chunk(index, first, last, sum(sizes[first : last + 1]), _mean(units[first : last + 1], sizes[first : last + 1]))
        for first, last in divided
    ]


def _distances(units: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 - cos between the windows around each unit and the next; shape (units - 1,)."""
    padded = np.vstack([units[:1], units, units[-1:]])
    windows = padded[:-2] + padded[1:-1] + padded[2:]
    windows = windows / np.maximum(np.linalg.norm(windows, axis=1, keepdims=True), 1e-9)
    return np.asarray(1 - (windows[:-1] * windows[1:]).sum(axis=1).round(5), dtype=np.float32)


def _forced(passage: Passage, unit: int) -> bool:
    here, before = passage.units[unit], passage.units[unit - 1]
    if here.kind is Kind.HEADING:
        return before.kind is not Kind.HEADING
    return (here.kind is not before.kind and before.kind is not Kind.HEADING) or (
        here.kind in STRUCTURED_KINDS and here.kind is not before.kind
    )


def _joined(
    runs: list[tuple[int, int]], sizes: Sequence[int], units: NDArray[np.float32], hard: Sequence[int]
) -> list[tuple[int, int]]:
    """Runs that are too small joined to the more similar neighbour, but not across a forced boundary."""
    fences = set(hard)
    joined: list[tuple[int, int]] = []
    for position, run in enumerate(runs):
        following = runs[position + 1] if position + 1 < len(runs) else None
        if joined and run[0] not in fences:
            previous = joined[-1]
            small = min(_size(previous, sizes), _size(run, sizes)) < SMALLEST
            fits = _size(previous, sizes) + _size(run, sizes) <= LARGEST
            alone = following is None or following[0] in fences or _size(previous, sizes) < SMALLEST
            if small and fits and (alone or _nearer(units, previous, run, following)):
                joined[-1] = (previous[0], run[1])
                continue
        joined.append(run)
    return joined


def _nearer(
    units: NDArray[np.float32], previous: tuple[int, int], run: tuple[int, int], following: tuple[int, int] | None
) -> bool:
    assert following is not None
    here = units[run[0] : run[1] + 1].sum(axis=0)
    back, forth = (units[a : b + 1].sum(axis=0) for a, b in (previous, following))
    return _cosine(here, back) >= _cosine(here, forth)


def _divided(run: tuple[int, int], sizes: Sequence[int], distances: NDArray[np.float32]) -> list[tuple[int, int]]:
    """A run of more than the largest size cut at its largest distances, such that no part is needlessly small."""
    pending, done = [run], []
    while pending:
        first, last = pending.pop()
        if first == last or _size((first, last), sizes) <= LARGEST:
            done.append((first, last))
            continue
        half = _size((first, last), sizes) / 2
        filled = np.cumsum(sizes[first:last])
        near = [unit for unit in range(first, last) if 0.5 * half <= filled[unit - first] <= 1.5 * half]
        options = near or [first + int(np.argmin(np.abs(filled - half)))]
        cut = max(options, key=lambda unit: (float(distances[unit]), -unit))
        pending += [(cut + 1, last), (first, cut)]
    return sorted(done)


def _mark_outliers(chunks: list[Chunk], passages: Sequence[Passage]) -> None:
    if not chunks:
        return
    matrix = np.stack([each.vector for each in chunks])
    similarity = (matrix @ matrix.mean(axis=0)).round(5)
    lonely = float(np.percentile(similarity, _OUTLIER_PERCENTILE)) if len(chunks) >= _OUTLIERS_FROM else -2.0
    for each, value in zip(chunks, similarity, strict=True):
        kinds = {passages[each.passage].units[unit].kind for unit in each.units}
        if not kinds <= REWRITABLE_KINDS:
            each.outlier = "not_prose"
        elif each.tokens < SMALLEST // 2:
            each.outlier = "too_short"
        elif each.tokens > 2 * LARGEST:
            each.outlier = "too_long"
        elif value < lonely:
            each.outlier = "unlike_the_rest"


def _size(run: tuple[int, int], sizes: Sequence[int]) -> int:
    return sum(sizes[run[0] : run[1] + 1])


def _mean(units: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float32]:
    total = (units * np.asarray(sizes, dtype=np.float32)[:, None]).sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return round(float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)), 5)
