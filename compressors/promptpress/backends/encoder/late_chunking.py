"""Vectors of units in their context: a passage is encoded once and a unit is the mean of its token states."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.encoder.base import Encoder, FloatArray, Tokenized
from promptpress.content import LINES, Passage
from promptpress.runtime.cancellation import check

TITLE_TOKENS = 32


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


def text_vectors(encoder: Encoder, texts: Sequence[str]) -> FloatArray:
    """Unit-length vectors (texts, dimension) of short texts such as queries; text beyond the window is left out."""
    room = encoder.window - 2
    states = encoder.states([tokens.ids[:room] for tokens in encoder.tokenize(texts)])
    return np.stack([_unit_length(s.sum(axis=0, dtype=np.float32)) for s in states])


def _key(encoder: Encoder, passage: Passage) -> bytes:
    digest = hashlib.blake2b(digest_size=20)
    for part in (encoder.name, passage.title, passage.text):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


@dataclass
class _Window:
    """A run of tokens to encode together; `owners` is the unit of each token, or -1 for the title's tokens."""

    passage: int
    ids: NDArray[np.int32]
    owners: NDArray[np.int64]


def _encode(encoder: Encoder, passages: Sequence[Passage]) -> list[PassageVectors]:
    tokenized = encoder.tokenize([p.text for p in passages] + [p.title for p in passages])
    windows: list[_Window] = []
    for index, passage in enumerate(passages):
        check()
        title = tokenized[len(passages) + index].ids[:TITLE_TOKENS]
        windows.extend(_windows(encoder, index, passage, tokenized[index], title))
    states = encoder.states([window.ids for window in windows])
    sums = [np.zeros((len(p.units) + 1, encoder.dimension), dtype=np.float32) for p in passages]
    for window, rows in zip(windows, states, strict=True):
        check()
        total = sums[window.passage]
        np.add.at(total, window.owners, rows)
    return [_vectors(total, passage) for total, passage in zip(sums, passages, strict=True)]


def _vectors(sums: FloatArray, passage: Passage) -> PassageVectors:
    """`sums` holds a row for each unit and, last, one for the title."""
    units = np.stack([_unit_length(row) for row in sums[:-1]]) if passage.units else sums[:0]
    return PassageVectors(units.astype(np.float16), _unit_length(sums.sum(axis=0)).astype(np.float16))


def _windows(encoder: Encoder, index: int, passage: Passage, tokens: Tokenized, title: NDArray[np.int32]) -> list[_Window]:
    owners = token_owners(passage, tokens)
    inside = owners >= 0
    ids, owners = tokens.ids[inside], owners[inside]
    starts = np.searchsorted(owners, np.arange(len(passage.units) + 1))
    windows: list[_Window] = []
    room = encoder.window - 2

    def add(begin: int, end: int, with_title: bool) -> None:
        prefix = title if with_title else title[:0]
        for at in range(begin, end, room - len(prefix)):
            stop = min(end, at + room - len(prefix))
            windows.append(
                _Window(
                    index,
                    np.concatenate([prefix, ids[at:stop]]),
                    np.concatenate([np.full(len(prefix), -1), owners[at:stop]]),
                )
            )

    begin = 0
    for unit, description in enumerate(passage.units):
        unit_start, unit_end = int(starts[unit]), int(starts[unit + 1])
        alone = description.kind in LINES
        if begin < unit_start and (alone or unit_end - begin > room - len(title)):
            add(begin, unit_start, with_title=True)
            begin = unit_start
        if alone:
            add(unit_start, unit_end, with_title=False)
            begin = unit_end
    add(begin, len(ids), with_title=True)
    return windows


def token_owners(passage: Passage, tokens: Tokenized) -> NDArray[np.int64]:
    """The unit each token starts in, -1 for tokens between units and in tags."""
    starts = np.asarray([unit.start for unit in passage.units], dtype=np.int64)
    ends = np.asarray([unit.end for unit in passage.units], dtype=np.int64)
    if not len(starts):
        return np.full(len(tokens.starts), -1)
    owner = np.searchsorted(starts, tokens.starts, side="right") - 1
    owner[(owner >= 0) & (tokens.starts >= ends[owner])] = -1
    for start, end in passage.hidden:
        owner[(tokens.starts >= start) & (tokens.starts < end)] = -1
    return owner


def _unit_length(vector: FloatArray) -> FloatArray:
    check()
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else vector
