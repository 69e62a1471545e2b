"""The order of a document's units when nobody has asked anything: every prefix is a summary. Made once, then cached."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.encoder.base import Encoder
from promptpress.backends.encoder.late_chunking import PassageVectors, VectorCache, passage_vectors
from promptpress.content import Passage
from promptpress.runtime.cache_keys import cache_key
from promptpress.runtime.cancellation import check
from promptpress.scores import SCORE_DECIMALS, ScoreArray, ScoreCache, Scored

PASSAGE_UNITS = 12
"""Units that make a passage of a document; inside one, units are chosen against each other, so cost grows with length."""
REDUNDANCY = 1.5
"""What a unit loses for each part of its likeness to one that was chosen before it."""


def importance(
    encoder: Encoder, passages: Sequence[Passage], vectors: VectorCache | None, known: ScoreCache | None
) -> list[ScoreArray]:
    """For each document the importance of its units (units,), higher = earlier; from the caches where they are there."""
    keys = [_key(encoder, passage) for passage in passages]
    found = {key: scored.units[0] for key in set(keys) if known and (scored := known.get(key))}
    todo = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in found}
    for key, embedded in zip(todo, passage_vectors(encoder, list(todo.values()), vectors), strict=True):
        found[key] = of_units(embedded)
        found[key].flags.writeable = False
        if known:
            known.put(key, Scored([found[key]]))
    return [found[key] for key in keys]


def of_units(vectors: PassageVectors) -> ScoreArray:
    """Importance of a document's units from its vectors.

    value(u) = cos(u, passage) + cos(passage, document) + cos(u, document) - REDUNDANCY * max cos(u, chosen). Units of a
    passage are chosen greedily by it, and a unit's importance is its value when it was chosen, which only falls.
    """
    units = vectors.units.astype(np.float32)
    document = vectors.passage.astype(np.float32)
    values = np.empty(len(units), dtype=np.float32)
    for start in range(0, len(units), PASSAGE_UNITS):
        check()
        part = units[start : start + PASSAGE_UNITS]
        centre = part.mean(axis=0)
        centre /= max(float(np.linalg.norm(centre)), 1e-9)
        values[start : start + len(part)] = _greedy(part, part @ centre + centre @ document + part @ document)
    return values


def _greedy(units: NDArray[np.float32], worth: NDArray[np.float32]) -> NDArray[np.float32]:
    likeness = units @ units.T
    loss = np.zeros(len(units), dtype=np.float32)
    values = np.empty(len(units), dtype=np.float32)
    open_units = np.ones(len(units), dtype=bool)
    for _ in range(len(units)):
        now = (worth - REDUNDANCY * loss).round(SCORE_DECIMALS)
        chosen = int(np.argmax(np.where(open_units, now, -np.inf)))
        values[chosen] = now[chosen]
        open_units[chosen] = False
        loss = np.maximum(loss, likeness[chosen])
    return values


def _key(encoder: Encoder, passage: Passage) -> bytes:
    return cache_key("importance", (encoder.name, *passage.identity))
