"""How many tokens each chunk gets: importance less redundancy, levelled like water between a floor and its length."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptpress.arrays import Float64Array

REDUNDANT_FROM = 0.8
"""Cosine to an earlier chunk from which on a chunk counts as repeating it; sentences about the same thing reach 0.7."""
_LOOK_BACK = 1024
_STEPS = 60
_EQUAL_WITHIN = 1e-6
"""The range up to which all values count as the same."""


def importance(relevance: Float64Array | None, vectors: NDArray[np.float32], weight: float) -> Float64Array:
    """w = weight * relevance + (1 - weight) * centrality, both scaled to 0..1 over the chunks; centrality alone without
    a query. Shapes (chunks,), (chunks, dimension)."""
    centrality = _scaled((vectors @ vectors.mean(axis=0)).round(5).astype(np.float64))
    return centrality if relevance is None else weight * _scaled(relevance) + (1 - weight) * centrality


def redundancy(vectors: NDArray[np.float32]) -> Float64Array:
    """How much of each chunk repeats an earlier one, 0 to 1: its largest cosine, counted from `REDUNDANT_FROM` on.

    Compares with the last 1,024 chunks, so that the cost is linear in length.
    """
    result = np.zeros(len(vectors))
    for index in range(1, len(vectors)):
        earlier = vectors[max(0, index - _LOOK_BACK) : index]
        result[index] = round(float((earlier @ vectors[index]).max()), 5)
    return np.clip((result - REDUNDANT_FROM) / (1 - REDUNDANT_FROM), 0, 1)


def water_fill(
    worth: Float64Array, lengths: Sequence[int], floors: Sequence[float], total: float, smallest: float
) -> Float64Array:
    """The share k of each chunk's tokens that it may keep, such that sum(k * length) comes to `total`.

    k = min(1, level * worth). A k below `smallest` becomes 0, since so little of a chunk carries no information; the tokens
    that this frees raise the level of the others. No share is below its chunk's floor, the protected part. Shape (chunks,).
    """
    sizes = np.asarray(lengths, dtype=np.float64)
    least = np.asarray(floors, dtype=np.float64)
    safe = np.maximum(worth, 1e-9)
    if not len(sizes) or float(sizes.sum()) <= total:
        return np.ones(len(sizes))

    def shares(level: float) -> Float64Array:
        k = np.minimum(1.0, level * safe)
        return np.maximum(least, np.where(k < smallest, 0.0, k))

    low, high = 0.0, 1.0 / float(safe.min())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if float((shares(middle) * sizes).sum()) <= total else (low, middle)
    return shares(low)


def _scaled(values: Float64Array) -> Float64Array:
    span = float(values.max() - values.min()) if len(values) else 0.0
    return (values - values.min()) / span if span > _EQUAL_WITHIN else np.full(len(values), 0.5)
