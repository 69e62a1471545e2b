"""Late-pooled similarity, BM25 and bridges between documents, weighed by what the query looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import regex
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from compressors.encoder.base import Encoder
from compressors.encoder.late_pooling import passage_vectors, text_vectors
from compressors.lexical import words
from compressors.methods import bm25
from compressors.methods.base import Method, Models, Scored, per_passage
from compressors.segmentation import LINES, Kind, Passage

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


class HybridOptions(BaseModel):
    """Options of `hybrid`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lexical_weight: float | None = Field(
        None, ge=0, le=10, description="Weight of BM25 beside the similarities; by default it depends on the query."
    )
    margin: float = Field(
        7.0, gt=0, le=50, description="Without a target: keep units whose score is within this margin of the best one's."
    )
    bridges: bool = Field(True, description="Let the best sentences vouch for documents whose titles they mention.")


class Hybrid(Method[HybridOptions]):
    """Keeps sentences that are near the query in meaning, stand in a document that is, or share its rare words."""

    name = "hybrid"
    summary = "Embedding similarity of sentence and document, BM25, and title mentions, weighed by the query."
    query = "required"
    options_model: ClassVar[type[BaseModel]] = HybridOptions
    models = ("encoder",)

    def score(self, passages: Sequence[Passage], query: str | None, options: HybridOptions) -> Scored:
        """score = z(cos(query, sentence)) + d * z(cos(query, document)) + w * z(BM25) + bridge, z over the request's units.

        w grows with the query's length (a long question names more things), with its wordpieces to a word (identifiers
        and languages that the encoder does not know), and with the lead of the best BM25 match over the second (one unit
        has the rare word). Turns, log lines and table rows go without their document's similarity.
        """
        signals = coarse_signals(self._models, passages, query or "", options)
        return Scored(per_passage(passages, signals.score), signals.relevance)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: HybridOptions) -> list[set[int]]:
        """Every unit within a margin of the best one's score."""
        best = max((float(scores.max()) for scores in scored.units if len(scores)), default=0.0)
        return [{u for u, score in enumerate(scores) if score >= best - options.margin} for scores in scored.units]


@dataclass(frozen=True)
class CoarseSignals:
    """What `hybrid` adds up, standardised over all units of the request, shapes (units,), and the weights it gives them.

    `alone` marks units with a context of their own, whose `document` is 0. `relevance` (passages,) is the similarity of
    whole passages; `length` is 0 for a short query and 1 for a long one.
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

    @property
    def score(self) -> NDArray[np.float32]:
        """The weighed sum."""
        total = self.similarity + self.by_document * self.document + self.by_words * self.lexical + self.bridge
        return np.asarray(total, dtype=np.float32)


def coarse_signals(models: Models, passages: Sequence[Passage], query: str, options: HybridOptions) -> CoarseSignals:
    """The weighed signals of every unit; see Hybrid.score."""
    encoder = models.encoder()
    wanted = text_vectors(encoder, [query])[0]
    vectors = passage_vectors(encoder, passages, models.vectors)
    # An empty document has no vector, and 0 would rank it above one that is about something else.
    relevance = np.asarray(
        [v.passage.astype(np.float32) @ wanted if p.units else -1 for p, v in zip(passages, vectors, strict=True)],
        dtype=np.float32,
    )
    kinds = [unit.kind for p in passages for unit in p.units]
    owner = np.repeat(np.arange(len(passages)), [len(p.units) for p in passages])
    alone = np.asarray([kind in _OWN_CONTEXT for kind in kinds], dtype=bool)
    similarity = standardise(np.concatenate([v.units.astype(np.float32) @ wanted for v in vectors]))
    matches = np.concatenate(bm25.unit_scores(passages, query, titles=True))
    length = float(np.clip((len(words(query)) - _LONG_FROM) / _LONG_RAMP, 0, 1))
    by_document = _DOCUMENT_SHORT + length * (_DOCUMENT_LONG - _DOCUMENT_SHORT)
    by_words = np.where(alone, *_lexical_weights(encoder, query, matches)).astype(np.float32)
    if options.lexical_weight is not None:
        by_words[:] = options.lexical_weight
    document = np.where(alone, 0, standardise(relevance[owner])).astype(np.float32)
    lexical = standardise(matches)
    bridge = np.zeros(len(kinds), dtype=np.float32)
    if options.bridges and length > 0 and _NAME_INSIDE.search(query):
        prose = np.asarray([kind in _BRIDGING for kind in kinds], dtype=bool)
        vouched = _bridges(passages, np.where(prose, similarity + by_document * document + by_words * lexical, 0))
        bridge = np.where(prose, length * vouched[owner], 0).astype(np.float32)
    return CoarseSignals(similarity, document, lexical, bridge, by_document, by_words, alone, relevance, length)


def _lexical_weights(encoder: Encoder, query: str, lexical: NDArray[np.float32]) -> tuple[float, float]:
    """Weights of BM25: for units with a context of their own, and for all others."""
    pieces = len(encoder.tokenize([query])[0].ids) / max(1, len(_SURFACE.findall(query)))
    sure = float(np.clip(_OPAQUE_SLOPE * (pieces - _OPAQUE_FROM), 0, _OPAQUE_MOST))
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


def standardise(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero mean and unit deviation; all zeros where the values do not differ."""
    deviation = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / np.float32(deviation) if deviation > 1e-6 else np.zeros_like(values)
