"""Relevance of every unit to a query: similarity, BM25 and title mentions, weighted by what the query looks like."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from promptpress.arrays import Float32Array
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.encoder.late_chunking import passage_vectors, text_vectors
from promptpress.backends.models import Models
from promptpress.content import Passage
from promptpress.content.kinds import OWN_CONTEXT_KINDS, PROSE_KINDS
from promptpress.methods.bm25 import unit_terms
from promptpress.methods.weights import RelevanceWeights
from promptpress.scores import ScoreArray, standardise, unit_refs
from promptpress.text.lexical import bm25, words

_PARENTHESES = regex.compile(r"\s*\(.*?\)")
_SURFACE = regex.compile(r"\w+|[^\w\s]")
_NAME_INSIDE = regex.compile(r"\w\W+\p{Lu}")


@dataclass(frozen=True)
class RelevanceSignals:
    """What is added up to the relevance of units, and with which weights.

    Shapes are (units,) over all units of the request, except where noted; `similarity` (of the unit), `document` (similarity
    of its passage) and `lexical` (BM25) are standardised over them, `title_mention` is on the scale of their weighted sum.
    """

    similarity: ScoreArray
    document: ScoreArray
    """0 for units that are context-free."""
    lexical: ScoreArray
    title_mention: ScoreArray
    document_weight: float
    lexical_weight: ScoreArray
    context_free: NDArray[np.bool_]
    """Units whose neighbours are about something else: chat turns, log lines, table rows."""
    passage_similarity: ScoreArray
    """Shape (passages,): cosine of each whole passage and the query; -1 for one without units."""
    query_length: float
    """0 for a short query, 1 for a long one."""
    subword_fertility: float = 0.0
    """0 for a query in words that the encoder knows, up to 2 for one whose words are many subwords each."""

    @property
    def score(self) -> ScoreArray:
        """The weighted sum (units,)."""
        total = (
            self.similarity + self.document_weight * self.document + self.lexical_weight * self.lexical + self.title_mention
        )
        return np.asarray(total, dtype=np.float32)


class RelevanceScorer:
    """The passages of one request, encoded once and ready for any number of queries.

    `owner` (units,) is the index of each unit's passage.
    """

    def __init__(self, models: Models, passages: Sequence[Passage], weights: RelevanceWeights | None = None) -> None:
        self._weights = weights or RelevanceWeights()
        self._encoder = models.encoder()
        self._passages = passages
        self._vectors = [
            (v.units.astype(np.float32), v.passage.astype(np.float32))
            for v in passage_vectors(self._encoder, passages, models.vectors)
        ]
        self._queries: dict[str, Float32Array] = {}
        self.owner = np.repeat(np.arange(len(passages)), [len(p.units) for p in passages])
        kinds = [unit.kind for p in passages for unit in p.units]
        self._context_free = np.asarray([kind in OWN_CONTEXT_KINDS for kind in kinds], dtype=bool)
        self._mentioning = np.asarray([kind in PROSE_KINDS for kind in kinds], dtype=bool)
        self._terms = unit_terms(passages, titles=True)
        self._matches: dict[str, ScoreArray] = {}

    def with_weights(self, weights: RelevanceWeights) -> "RelevanceScorer":
        """A scorer of the same passages with other weights, which shares what does not depend on them."""
        other = copy(self)
        other._weights = weights
        return other

    def signals(self, query: str, lexical_weight: float | None = None, title_mentions: bool = True) -> RelevanceSignals:
        """The signals of every unit; `lexical_weight` replaces the weight that the query would give BM25."""
        return self._signals(query, self._vector(query), lexical_weight, title_mentions)

    def expanded_signals(self, query: str, unit: int) -> RelevanceSignals:
        """The signals for a query expanded by a unit: the words of both, and the sum of their vectors.

        `unit` is an index over all units of the request.
        """
        passage = int(self.owner[unit])
        index = unit - int(np.searchsorted(self.owner, passage))
        units, _ = self._vectors[passage]
        return self._signals(f"{query} {self._passages[passage].slice(index)}", self._vector(query) + units[index])

    def _bm25(self, query: str) -> ScoreArray:
        if query not in self._matches:
            self._matches[query] = bm25(query, self._terms)
        return self._matches[query]

    def _vector(self, query: str) -> Float32Array:
        if query not in self._queries:
            self._queries[query] = text_vectors(self._encoder, [query])[0]
        return self._queries[query]

    def _signals(
        self, query: str, vector: Float32Array, lexical_weight: float | None = None, title_mentions: bool = True
    ) -> RelevanceSignals:
        weights = self._weights
        # An empty document has no vector, and 0 would rank it above one that is about something else.
        passage_similarity = np.asarray(
            [whole @ vector if len(units) else -1 for units, whole in self._vectors], dtype=np.float32
        )
        similarity = standardise(np.concatenate([units @ vector for units, _ in self._vectors]))
        matches = self._bm25(query)
        length = float(np.clip((len(words(query)) - weights.long_query_from) / weights.long_query_ramp, 0, 1))
        document_weight = weights.document_short_query + length * (
            weights.document_long_query - weights.document_short_query
        )
        fertility = _subword_fertility(self._encoder, query, weights)
        by_query = _lexical_weights(query, matches, fertility, weights)
        lexical_weights = np.where(self._context_free, *by_query).astype(np.float32)
        if lexical_weight is not None:
            lexical_weights[:] = lexical_weight
        document = np.where(self._context_free, 0, standardise(passage_similarity[self.owner])).astype(np.float32)
        lexical = standardise(matches)
        mention = np.zeros(len(matches), dtype=np.float32)
        if title_mentions and length > 0 and names_something(query):
            total = similarity + document_weight * document + lexical_weights * lexical
            known = np.where(self._mentioning, total, 0).astype(np.float32)
            mentioned = _title_mentions(self._passages, known, weights)
            mention = np.where(self._mentioning, length * mentioned[self.owner], 0).astype(np.float32)
        return RelevanceSignals(
            similarity,
            document,
            lexical,
            mention,
            document_weight,
            lexical_weights,
            self._context_free,
            passage_similarity,
            length,
            fertility,
        )


def names_something(query: str) -> bool:
    """Whether the query has a word with a capital letter behind its first."""
    return _NAME_INSIDE.search(query) is not None


def _subword_fertility(encoder: Encoder, query: str, weights: RelevanceWeights) -> float:
    """From 0 to `fertility_max` by the subwords per word: identifiers and languages that the encoder does not know have
    many."""
    subwords = len(encoder.tokenize([query])[0].ids) / max(1, len(_SURFACE.findall(query)))
    return float(np.clip(weights.fertility_slope * (subwords - weights.fertility_from), 0, weights.fertility_max))


def _lexical_weights(query: str, lexical: ScoreArray, certainty: float, weights: RelevanceWeights) -> tuple[float, float]:
    """Weights of BM25 for context-free units, and for all others. `certainty` is added to both, and so is the lead of the
    best match: where one unit alone has the rare words."""
    if len(lexical) > 1 and lexical.max() > 0:
        second, first = np.partition(lexical, -2)[-2:]
        certainty += weights.lead_slope * max(0.0, float((first - second) / first) - weights.lead_from)
    by_length = weights.lexical_min + weights.lexical_per_word * (len(words(query)) - weights.long_query_from)
    return (
        weights.lexical_context_free + certainty,
        float(np.clip(by_length, weights.lexical_min, weights.lexical_max)) + certainty,
    )


def _title_mentions(passages: Sequence[Passage], scores: ScoreArray, weights: RelevanceWeights) -> ScoreArray:
    """For each passage the score of the best of the top units of other passages that mentions its title, or 0: (passages,).

    A question in two steps names the first thing; the sentence about it names the second, which is often the title of the
    document with the answer. `scores` is (units,).
    """
    names = [_PARENTHESES.sub("", p.title).strip().lower() for p in passages]
    refs = unit_refs(passages)
    mentioned = np.zeros(len(passages), dtype=np.float32)
    for index in np.argsort(-scores, kind="stable")[: weights.title_mention_units]:
        p, u = refs[index]
        text = passages[p].slice(u).lower()
        for other, name in enumerate(names):
            if other != p and len(name) >= weights.title_mention_characters and name in text:
                mentioned[other] = max(mentioned[other], scores[index])
    return mentioned
