"""From values of tokens to values of units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptpress.arrays import Float32Array
from promptpress.content import Passage, Unit
from promptpress.text.tokens import Tokens


def pool(
    text: str, tokens: Tokens, values: Float32Array, units: Sequence[Unit]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums (units,) of the values (tokens,) of each unit's tokens, and how many tokens they are.

    A token that reaches into k units gives each of them 1/k of its value. White space at a token's edges belongs to none.
    """
    inner = trimmed(text, tokens)
    first = np.searchsorted(np.asarray([unit.end for unit in units]), inner.starts, side="right")
    last = np.searchsorted(np.asarray([unit.start for unit in units]), inner.ends, side="left")
    shared = np.where(inner.starts < inner.ends, np.maximum(last - first, 0), 0)
    token = np.repeat(np.arange(len(shared)), shared)
    unit = first[token] + np.arange(len(token)) - np.repeat(np.cumsum(shared) - shared, shared)
    sums = np.bincount(unit, weights=(values[token] / shared[token]).astype(np.float64), minlength=len(units))
    return np.asarray(sums, dtype=np.float64), np.bincount(unit, minlength=len(units))


def trimmed(text: str, tokens: Tokens) -> Tokens:
    """The tokens without white space at their edges; one that is nothing else does not end after it starts."""
    blank = np.fromiter((character.isspace() for character in text), dtype=bool, count=len(text))
    place = np.arange(len(text) + 1)
    # For each position the first character from there on, and the end of the last one before it, that is not blank.
    filled_from = np.minimum.accumulate(np.where(np.append(blank, False), len(text), place)[::-1])[::-1]
    filled_to = np.maximum.accumulate(np.where(np.insert(blank, 0, True), 0, place))
    return Tokens(tokens.ids, filled_from[tokens.starts], filled_to[tokens.ends])


def unit_scores(passage: Passage, tokens: Tokens, values: Float32Array, how: str = "mean") -> Float32Array:
    """The values of each unit's tokens pooled, (units,) float32; a unit without tokens is kept before all others."""
    sums, counts = pool(passage.text, tokens, values, passage.units)
    scores = sums / np.maximum(counts, 1) if how == "mean" else sums
    scores[counts == 0] = scores.max(initial=0.0)
    return np.asarray(scores, dtype=np.float32)
