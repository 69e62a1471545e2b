"""Vectors of units in their context: a passage is encoded once and a unit is the mean of its token states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from promptpress.arrays import Float32Array, Int32Array, Int64Array
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.tokenized import Tokenized
from promptpress.backends.windows import ENCODER_TITLE_TOKENS, unit_runs, unit_tokens
from promptpress.content import LINE_KINDS, Passage
from promptpress.runtime.cache_keys import cache_key
from promptpress.runtime.cancellation import check

_TITLE = -1
"""The owner of the title's tokens: their vectors count for the passage and for none of its units."""


@dataclass(frozen=True)
class PassageVectors:
    """Unit-length vectors: `units` (units, dimension) and `passage` (dimension,), both float16."""

    units: NDArray[np.float16]
    passage: NDArray[np.float16]

    @property
    def nbytes(self) -> int:
        """Memory the vectors take."""
        return self.units.nbytes + self.passage.nbytes


class VectorCache(Protocol):
    """Where passage vectors are kept between requests."""

    def get(self, key: bytes) -> PassageVectors | None:
        """The vectors stored under `key`, if they still are."""

    def put(self, key: bytes, vectors: PassageVectors) -> None:
        """Store vectors; an older entry may go."""


def passage_vectors(encoder: Encoder, passages: Sequence[Passage], cache: VectorCache | None) -> list[PassageVectors]:
    """Vectors of each passage and its units; passages found in the cache cost no model run.

    Prose is encoded in windows of whole units behind the passage's title, so that "He was born there" is near a question
    about the person. Turns and log lines are encoded each on its own: neighbours that talk of something else would only
    blur them. Vectors are rounded to float16 whether they come from the cache or not, so that both give the same scores.
    """
    keys = [_key(encoder, passage) for passage in passages]
    found = {key: vectors for key in set(keys) if cache and (vectors := cache.get(key))}
    todo = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in found}
    for key, vectors in zip(todo, _encode(encoder, list(todo.values())), strict=True):
        found[key] = vectors
        if cache:
            cache.put(key, vectors)
    return [found[key] for key in keys]


def text_vectors(encoder: Encoder, texts: Sequence[str]) -> Float32Array:
    """Unit-length vectors (texts, dimension) of short texts such as queries; text beyond the window is left out."""
    room = encoder.window - 2
    states = encoder.states([tokens.ids[:room] for tokens in encoder.tokenize(texts)])
    return np.stack([_unit_length(s.sum(axis=0, dtype=np.float32)) for s in states])


def _key(encoder: Encoder, passage: Passage) -> bytes:
    return cache_key("passage vectors", (encoder.name, *passage.identity))


@dataclass
class _Window:
    """A run of tokens to encode together; `owners` is the unit of each token, or -1 for the title's tokens."""

    passage: int
    ids: Int32Array
    owners: Int64Array


def _encode(encoder: Encoder, passages: Sequence[Passage]) -> list[PassageVectors]:
    tokenized = encoder.tokenize([p.text for p in passages] + [p.title for p in passages])
    windows: list[_Window] = []
    for index, passage in enumerate(passages):
        check()
        title = tokenized[len(passages) + index].ids[:ENCODER_TITLE_TOKENS]
        windows.extend(_windows(encoder, index, passage, tokenized[index], title))
    states = encoder.states([window.ids for window in windows])
    sums = [np.zeros((len(p.units) + 1, encoder.dimension), dtype=np.float32) for p in passages]
    for window, rows in zip(windows, states, strict=True):
        check()
        total = sums[window.passage]
        np.add.at(total, window.owners, rows)
    return [_vectors(total, passage) for total, passage in zip(sums, passages, strict=True)]


def _vectors(sums: Float32Array, passage: Passage) -> PassageVectors:
    """`sums` holds a row for each unit and, last, one for the title."""
    units = np.stack([_unit_length(row) for row in sums[:-1]]) if passage.units else sums[:0]
    return PassageVectors(units.astype(np.float16), _unit_length(sums.sum(axis=0)).astype(np.float16))


def _windows(encoder: Encoder, index: int, passage: Passage, tokens: Tokenized, title: Int32Array) -> Iterator[_Window]:
    """Whole units behind the title, but units with a context of their own without it."""
    inside = unit_tokens(passage, tokens)
    size = encoder.window - 2
    alone = [unit.kind in LINE_KINDS for unit in passage.units]
    for run in unit_runs(inside.edges, size - len(title), alone):
        prefix = title[:0] if run.alone else title
        step = size - len(prefix)
        for at in range(run.start, run.end, step):
            end = min(run.end, at + step)
            owners = np.concatenate([np.full(len(prefix), _TITLE), inside.owners[at:end]])
            yield _Window(index, np.concatenate([prefix, inside.ids[at:end]]), owners)


def _unit_length(vector: Float32Array) -> Float32Array:
    check()
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else vector
