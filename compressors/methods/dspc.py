"""DSPC, Dual-Stage Progressive Compression (arXiv 2509.13723): the coarse stage.

The fine stage, token pruning with language models, is not part of this version; results say `stages: ["coarse"]`.
The paper's full text was not available to us. The coarse stage follows a published review of it; the sentence encoder and
the number of keywords are unverified, and ours are named below.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from compressors.encoder.late_pooling import passage_vectors, text_vectors
from compressors.lexical import words
from compressors.methods.base import Method, Scored, best_units
from compressors.segmentation import Passage


class DspcOptions(BaseModel):
    """Options of `dspc`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rho: float = Field(0.7, gt=0, le=1, description="Share of sentences kept when no target is given (paper: 0.7).")
    keywords: int = Field(12, ge=1, le=64, description="TF-IDF keywords that stand in for a missing query.")
    document_weight: float = Field(
        1.0, ge=0, le=4, description="Weight of the whole document's similarity beside the sentence's; 0 as in the paper."
    )


class Dspc(Method[DspcOptions]):
    """Keeps the sentences whose embedding is nearest to the query, or to any of the text's own keywords."""

    name = "dspc"
    summary = "Sentences by embedding similarity to the query, or to TF-IDF keywords without one (DSPC, coarse stage)."
    options_model: ClassVar[type[BaseModel]] = DspcOptions
    models = ("encoder",)

    def score(self, passages: Sequence[Passage], query: str | None, options: DspcOptions) -> Scored:
        """score(s_i) = max_j cos(q_j, s_i), plus the weighted cosine of the document that s_i stands in.

        q_j is the query, or each of the k best keywords by TF(t) * log(N / DF(t)) over the N sentences. A sentence's
        vector is the mean of its token states in the encoded document, not of the sentence alone.
        """
        queries = [query] if query else keywords(passages, options.keywords)
        if not queries:
            return Scored([np.zeros(len(p.units), dtype=np.float32) for p in passages])
        encoder = self._models.encoder()
        wanted = text_vectors(encoder, queries)
        vectors = passage_vectors(encoder, passages, self._models.vectors)
        relevance = np.asarray([(wanted @ v.passage.astype(np.float32)).max() for v in vectors], dtype=np.float32)
        units = [
            (v.units.astype(np.float32) @ wanted.T).max(axis=1) + np.float32(options.document_weight) * document
            if len(v.units)
            else np.empty(0, dtype=np.float32)
            for v, document in zip(vectors, relevance, strict=True)
        ]
        details: dict[str, object] = {"stages": ["coarse"]}
        if not query:
            details["keywords"] = queries
        return Scored(units, relevance, details)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: DspcOptions) -> list[set[int]]:
        """The best floor(rho * N) sentences."""
        return best_units(scored, math.floor(options.rho * sum(len(p.units) for p in passages)))


def keywords(passages: Sequence[Passage], count: int) -> list[str]:
    """The terms with the highest TF-IDF over the sentences, best first; ties to the longer, then alphabetical."""
    bags = [words(p.slice(i)) for p in passages for i in range(len(p.units))]
    frequency = Counter(term for bag in bags for term in bag if len(term) > 2 or not term.isascii())
    holding = Counter(term for bag in bags for term in set(bag))
    weight = {term: n * math.log(len(bags) / holding[term]) for term, n in frequency.items()}
    ranked = sorted((term for term in weight if weight[term] > 0), key=lambda term: (-weight[term], -len(term), term))
    return ranked[:count]
