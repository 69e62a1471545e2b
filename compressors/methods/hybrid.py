"""Late-pooled similarity, BM25 and bridges between documents, weighed by what the query looks like."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import regex
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from compressors.encoder.base import Encoder
from compressors.encoder.late_pooling import passage_vectors, text_vectors
from compressors.lexical import words
from compressors.methods import bm25
from compressors.methods.base import Method, Scored
from compressors.segmentation import LINES, Kind, Passage

# Found on half of the public evaluation sets; see docs/methods.md for the table.
_LEXICAL_BASE, _LEXICAL_BY_WORD, _LEXICAL_MOST = 0.55, 0.1, 1.5
_SHORT_QUERY_WORDS = 9
_OPAQUE_FROM, _OPAQUE_SLOPE, _OPAQUE_MOST = 1.1, 3.0, 2.0
_LINE_LEXICAL = 1.0
_BRIDGE_UNITS, _BRIDGE_WORDS = 5, 3

_OWN_CONTEXT = frozenset({*LINES, Kind.TABLE_ROW})
"""Kinds whose neighbours are about something else, so that the document around them says little."""
_NOT_A_NAME = regex.compile(r"\s*\(.*?\)")
_SURFACE = regex.compile(r"\w+|[^\w\s]")


class HybridOptions(BaseModel):
    """Options of `hybrid`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lexical_weight: float | None = Field(
        None, ge=0, le=10, description="Weight of BM25 beside the similarities; by default it depends on the query."
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
        """score = z(cos(query, sentence)) + z(cos(query, document)) + w * z(BM25) + bridge, z over the request's units.

        w grows with the query's length (a long question names more things) and with the number of wordpieces to a word
        (names, identifiers and languages that the encoder does not know). Turns, log lines and table rows go without
        their document's similarity.
        """
        query = query or ""
        encoder = self._models.encoder()
        wanted = text_vectors(encoder, [query])[0]
        vectors = passage_vectors(encoder, passages, self._models.vectors)
        relevance = np.asarray([v.passage.astype(np.float32) @ wanted for v in vectors], dtype=np.float32)
        sizes = [len(p.units) for p in passages]
        owner = np.repeat(np.arange(len(passages)), sizes)
        alone = np.asarray([unit.kind in _OWN_CONTEXT for p in passages for unit in p.units], dtype=bool)
        similarity = np.concatenate([v.units.astype(np.float32) @ wanted for v in vectors])
        lexical = np.concatenate(bm25.unit_scores(passages, query, titles=True))
        weight = np.where(alone, *_lexical_weights(encoder, query)) if options.lexical_weight is None else options.lexical_weight
        flat = standardise(similarity) + np.where(alone, 0, standardise(relevance[owner])) + weight * standardise(lexical)
        if options.bridges:
            strength = np.clip((len(words(query)) - _SHORT_QUERY_WORDS) / _BRIDGE_WORDS, 0, 1)
            flat = flat + np.where(alone, 0, strength * _bridges(passages, flat)[owner])
        edges = np.cumsum([0, *sizes])
        flat = flat.astype(np.float32)
        return Scored([flat[a:b] for a, b in zip(edges, edges[1:], strict=False)], relevance)


def _lexical_weights(encoder: Encoder, query: str) -> tuple[float, float]:
    """Weights of BM25: for units with a context of their own, and for all others."""
    pieces = len(encoder.tokenize([query])[0].ids) / max(1, len(_SURFACE.findall(query)))
    opaque = float(np.clip(_OPAQUE_SLOPE * (pieces - _OPAQUE_FROM), 0, _OPAQUE_MOST))
    by_length = _LEXICAL_BASE + _LEXICAL_BY_WORD * (len(words(query)) - _SHORT_QUERY_WORDS)
    return _LINE_LEXICAL + opaque, float(np.clip(by_length, _LEXICAL_BASE, _LEXICAL_MOST)) + opaque


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
