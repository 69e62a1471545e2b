"""A trigram model of tokens, to compare with: Witten-Bell interpolation down to a uniform distribution."""

import numpy as np
from numpy.typing import NDArray


class Trigrams:
    """Counts of a long row of tokens. `order` of 1 to 3 is chosen when asking."""

    def __init__(self, row: NDArray[np.uint16], vocabulary: int) -> None:
        tokens = row.astype(np.int64)
        self._vocabulary = vocabulary
        self._levels = []
        for order in (1, 2, 3):
            keys = _keys(tokens, order, vocabulary)
            grams, counts = np.unique(keys, return_counts=True)
            contexts, first = np.unique(grams // vocabulary, return_index=True)
            totals = np.add.reduceat(counts, first)
            kinds = np.diff(np.append(first, len(grams)))
            self._levels.append((grams, counts, contexts, totals, kinds))

    def bits(self, tokens: NDArray[np.int64], order: int) -> float:
        """-log2 of the probability of a text's tokens."""
        chance = np.full(len(tokens), 1 / self._vocabulary)
        for level in range(1, order + 1):
            grams, counts, contexts, totals, kinds = self._levels[level - 1]
            keys = _keys(tokens, level, self._vocabulary)
            places = slice(level - 1, None)
            seen, context = _look_up(grams, counts, keys), keys // self._vocabulary
            total, different = _look_up(contexts, totals, context), _look_up(contexts, kinds, context)
            known = total > 0
            mixed = (seen + different * chance[places]) / np.maximum(total + different, 1)
            chance[places] = np.where(known, mixed, chance[places])
        return float(-np.log2(chance).sum())


def _keys(tokens: NDArray[np.int64], order: int, vocabulary: int) -> NDArray[np.int64]:
    """Each run of `order` tokens as one number."""
    keys = np.zeros(max(0, len(tokens) - order + 1), dtype=np.int64)
    for step in range(order):
        keys = keys * vocabulary + tokens[step : step + len(keys)]
    return keys


def _look_up(sorted_keys: NDArray[np.int64], values: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.int64]:
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == keys, values[at], 0)
