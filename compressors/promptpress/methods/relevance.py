"""What the coarse stage knows of every unit: similarity, BM25 and title mentions, weighed by what the query looks like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from promptpress.arrays import Float32Array
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.encoder.late_chunking import passage_vectors, text_vectors
from promptpress.backends.models import Models
from promptpress.content import LINES, Kind, Passage
from promptpress.methods.bm25 import unit_terms
from promptpress.scores import standardise
from promptpress.text.lexical import bm25, words

# Chosen on samples of the public evaluation sets, not fitted to each; docs/methods.md has the resulting table.
_LEXICAL_BASE, _LEXICAL_BY_WORD, _LEXICAL_MOST = 0.3, 0.2, 1.5
_LEXICAL_OF_LINES = 1.0
_OPAQUE_FROM, _OPAQUE_SLOPE, _OPAQUE_MOST = 1.4, 3.0, 2.0
_MARGIN_FROM, _MARGIN_SLOPE = 0.3, 3.0
_DOCUMENT_SHORT, _DOCUMENT_LONG = 1.5, 1.0
_LONG_FROM, _LONG_RAMP = 11, 4
_BRIDGE_UNITS = 5

_OWN_CONTEXT = frozenset({*LINES, Kind.TABLE_ROW})
"""Kinds whose neighbours are about something else, so that the document around them says little."""
_BRIDGING = frozenset({Kind.SENTENCE, Kind.HEADING, Kind.LIST_ITEM})
_NOT_A_NAME = regex.compile(r"\s*\(.*?\)")
_SURFACE = regex.compile(r"\w+|[^\w\s]")
_NAME_INSIDE = regex.compile(r"\w\W+\p{Lu}")


@dataclass(frozen=True)
class CoarseSignals:
    """What `hybrid` adds up, standardised over all units of the request, shapes (units,), and the weights it gives them.

    `alone` marks units with a context of their own, whose `document` is 0. `relevance` (passages,) is the similarity of
    whole passages; `length` is 0 for a short query and 1 for a long one; `opacity` is 0 for a query in words that the
    encoder knows and 2 for one in words that it does not.
    """

    similarity: NDArray[np.float32]
    document: NDArray[np.float32]
    lexical: NDArray[np.float32]
    bridge: NDArray[np.float32]
    by_document: float
    by_words: NDArray[np.float32]
    alone: NDArray[np.bool_]
    relevance: NDArray[np.float32]
    length: float
    opacity: float = 0.0

    @property
    def score(self) -> NDArray[np.float32]:
        """The weighed sum."""
        total = self.similarity + self.by_document * self.document + self.by_words * self.lexical + self.bridge
        return np.asarray(total, dtype=np.float32)


class CoarseStage:
    """The passages of one request, encoded once and ready for any number of queries.

    `owner` (units,) is the passage of each unit.
    """

    def __init__(self, models: Models, passages: Sequence[Passage]) -> None:
        self._encoder = models.encoder()
        self._passages = passages
        self._vectors = [
            (v.units.astype(np.float32), v.passage.astype(np.float32))
            for v in passage_vectors(self._encoder, passages, models.vectors)
        ]
        self._queries: dict[str, Float32Array] = {}
        self.owner = np.repeat(np.arange(len(passages)), [len(p.units) for p in passages])
        kinds = [unit.kind for p in passages for unit in p.units]
        self._alone = np.asarray([kind in _OWN_CONTEXT for kind in kinds], dtype=bool)
        self._prose = np.asarray([kind in _BRIDGING for kind in kinds], dtype=bool)
        self._terms = unit_terms(passages, titles=True)

    def signals(self, query: str, lexical_weight: float | None = None, bridges: bool = True) -> CoarseSignals:
        """The weighed signals of every unit; `lexical_weight` replaces what the query would give BM25."""
        return self._signals(query, self._vector(query), lexical_weight, bridges)

    def extended_signals(self, query: str, unit: int) -> CoarseSignals:
        """The signals for a query with a unit behind it: the words of both, and the sum of their vectors."""
        passage = int(self.owner[unit])
        index = unit - int(np.searchsorted(self.owner, passage))
        units, _ = self._vectors[passage]
        return self._signals(f"{query} {self._passages[passage].slice(index)}", self._vector(query) + units[index])

    def _vector(self, query: str) -> Float32Array:
        if query not in self._queries:
            self._queries[query] = text_vectors(self._encoder, [query])[0]
        return self._queries[query]

    def _signals(
        self, query: str, wanted: Float32Array, lexical_weight: float | None = None, bridges: bool = True
    ) -> CoarseSignals:
        # An empty document has no vector, and 0 would rank it above one that is about something else.
        relevance = np.asarray([whole @ wanted if len(units) else -1 for units, whole in self._vectors], dtype=np.float32)
        similarity = standardise(np.concatenate([units @ wanted for units, _ in self._vectors]))
        matches = bm25(query, self._terms)
        length = float(np.clip((len(words(query)) - _LONG_FROM) / _LONG_RAMP, 0, 1))
        by_document = _DOCUMENT_SHORT + length * (_DOCUMENT_LONG - _DOCUMENT_SHORT)
        opacity = _opacity(self._encoder, query)
        by_words = np.where(self._alone, *_lexical_weights(query, matches, opacity)).astype(np.float32)
        if lexical_weight is not None:
            by_words[:] = lexical_weight
        document = np.where(self._alone, 0, standardise(relevance[self.owner])).astype(np.float32)
        lexical = standardise(matches)
        bridge = np.zeros(len(matches), dtype=np.float32)
        if bridges and length > 0 and names_something(query):
            known = np.where(self._prose, similarity + by_document * document + by_words * lexical, 0)
            vouched = _bridges(self._passages, known.astype(np.float32))
            bridge = np.where(self._prose, length * vouched[self.owner], 0).astype(np.float32)
        return CoarseSignals(
            similarity, document, lexical, bridge, by_document, by_words, self._alone, relevance, length, opacity
        )


def names_something(query: str) -> bool:
    """Whether the query has a word with a capital letter behind its first."""
    return _NAME_INSIDE.search(query) is not None


def _opacity(encoder: Encoder, query: str) -> float:
    """From 0 to 2 by the wordpieces to a word: identifiers and languages that the encoder does not know have many."""
    pieces = len(encoder.tokenize([query])[0].ids) / max(1, len(_SURFACE.findall(query)))
    return float(np.clip(_OPAQUE_SLOPE * (pieces - _OPAQUE_FROM), 0, _OPAQUE_MOST))


def _lexical_weights(query: str, lexical: NDArray[np.float32], sure: float) -> tuple[float, float]:
    """Weights of BM25, of which it is `sure` so far: for units with a context of their own, and for all others."""
    if len(lexical) > 1 and lexical.max() > 0:
        second, first = np.partition(lexical, -2)[-2:]
        sure += _MARGIN_SLOPE * max(0.0, float((first - second) / first) - _MARGIN_FROM)
    by_length = _LEXICAL_BASE + _LEXICAL_BY_WORD * (len(words(query)) - _LONG_FROM)
    return _LEXICAL_OF_LINES + sure, float(np.clip(by_length, _LEXICAL_BASE, _LEXICAL_MOST)) + sure


def _bridges(passages: Sequence[Passage], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each passage the score of the best of the top units of other passages that mentions its title, or 0.

    A question in two steps names the first thing; the sentence about it names the second, which is often the title of the
    document with the answer.
    """
    names = [_NOT_A_NAME.sub("", p.title).strip().lower() for p in passages]
    places = [(p, u) for p, passage in enumerate(passages) for u in range(len(passage.units))]
    vouched = np.zeros(len(passages), dtype=np.float32)
    for index in np.argsort(-scores, kind="stable")[:_BRIDGE_UNITS]:
        p, u = places[index]
        text = passages[p].slice(u).lower()
        for other, name in enumerate(names):
            if other != p and len(name) >= 4 and name in text:
                vouched[other] = max(vouched[other], scores[index])
    return vouched
