"""DSPC, Dual-Stage Progressive Compression (arXiv 2509.13723): sentences first, then tokens of the kept sentences.

The paper's full text was not available to us. The coarse stage follows a published review of it; the sentence encoder and
the number of keywords are unverified, and ours are named below. For the fine stage see `promptpress.methods.dspc.fine`.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from promptpress.backends.encoder.late_chunking import passage_vectors, text_vectors
from promptpress.backends.models import ModelRole
from promptpress.content import Passage
from promptpress.content.fragments import Level
from promptpress.content.fragments.splitting import divide_all
from promptpress.methods.base import Method
from promptpress.methods.capabilities import Resegments, StopsItself
from promptpress.methods.dspc.fine import FineOptions, fine_scores
from promptpress.scores import Scored, best_units
from promptpress.text.lexical import words

_DROPPED, _KEPT = 0, 1
"""Tiers of the parts of sentences that the coarse stage dropped, and of those that it kept."""
_SHORTEST_TERM = 3
"""Characters of the shortest keyword in a script with spaces."""


class DspcOptions(FineOptions):
    """Options of `dspc`."""

    stages: Literal["coarse", "both", "fine"] = Field(
        "coarse",
        description="`coarse` keeps sentences; `both` then keeps parts of them, with a language model; or `fine` alone.",
    )
    rho: float = Field(0.7, gt=0, le=1, description="Share of sentences kept when no target is given (paper: 0.7).")
    keywords: int = Field(12, ge=1, le=64, description="TF-IDF keywords that stand in for a missing query.")
    document_weight: float = Field(
        1.0, ge=0, le=4, description="Weight of the whole document's similarity beside the sentence's; 0 as in the paper."
    )


class Dspc(Method[DspcOptions], Resegments[DspcOptions], StopsItself[DspcOptions]):
    """Keeps the sentences whose embedding is nearest to the query, or to any of the text's own keywords."""

    name = "dspc"
    summary = "Sentences near the query, or the text's TF-IDF keywords; with stages=both then their best words (DSPC)."
    options_model: ClassVar[type[BaseModel]] = DspcOptions
    model_roles = (ModelRole.ENCODER,)

    def model_names(self, options: DspcOptions | None = None) -> list[str]:
        """The encoder for the coarse stage, the language models for the fine one."""
        stages = options.stages if options else "coarse"
        names = [self._models.name_of(ModelRole.ENCODER)] if stages != "fine" else []
        if stages != "coarse":
            names.append(self._models.name_of(ModelRole.CAUSAL_LM))
            small = self._models.small_lm()
            names += [small.name] if small and options and options.loss_weight else []
        return names

    def resegment(self, passages: Sequence[Passage], options: DspcOptions, facts: bool) -> list[Passage]:
        """See Resegments.resegment. The coarse stage alone keeps sentences."""
        if options.stages == "coarse":
            return list(passages)
        return divide_all(passages, Level(options.unit), facts, lambda texts: self._models.causal_lm().tokenize(texts))

    def score(self, passages: Sequence[Passage], query: str | None, options: DspcOptions) -> Scored:
        """Of the coarse stage see `_coarse`. With the fine one: alpha for parts of the sentences that the former keeps, the
        best floor(rho * N), and the coarse score for all others, ranked behind them.
        """
        if options.stages == "coarse":
            return self._coarse(passages, query, options)
        sentences = [passage.source_passage or passage for passage in passages]
        if options.stages == "both":
            coarse = self._coarse(sentences, query, options)
            kept = self.stop(sentences, coarse, options.model_copy(update={"stages": "coarse"}))
            assert kept is not None
        else:
            coarse = Scored([np.zeros(len(p.units), dtype=np.float32) for p in sentences])
            kept = [set(range(len(p.units))) for p in sentences]
        fine = fine_scores(passages, kept, query, options, large=self._models.causal_lm, small=self._models.small_lm)
        units, tiers = [], []
        for passage, whole, scores, alpha, stays in zip(passages, sentences, coarse.units, fine, kept, strict=True):
            starts = [unit.start for unit in whole.units]
            owner = np.searchsorted(starts, [unit.start for unit in passage.units], side="right") - 1
            chosen = np.isin(owner, sorted(stays))
            units.append(np.where(chosen, alpha, scores[owner]).astype(np.float32))
            tiers.append(np.where(chosen, _KEPT, _DROPPED).astype(np.int8))
        small = self._models.small_lm()
        details = {
            **coarse.details,
            "stages": ["coarse", "fine"] if options.stages == "both" else ["fine"],
            "unit": options.unit,
            "large": self._models.name_of(ModelRole.CAUSAL_LM),
            "small": small.name if small else "early exit of the same model",
        }
        return Scored(units, coarse.passages, details, tiers)

    def _coarse(self, passages: Sequence[Passage], query: str | None, options: DspcOptions) -> Scored:
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

    def stop(self, passages: Sequence[Passage], scored: Scored, options: DspcOptions) -> list[set[int]] | None:
        """The best floor(rho * N) sentences; parts of sentences need a target."""
        if options.stages != "coarse":
            return None
        return best_units(scored, math.floor(options.rho * sum(len(p.units) for p in passages)))


def keywords(passages: Sequence[Passage], count: int) -> list[str]:
    """The terms with the highest TF-IDF over the sentences, best first; ties to the longer, then alphabetical."""
    bags = [words(p.slice(i)) for p in passages for i in range(len(p.units))]
    frequency = Counter(term for bag in bags for term in bag if len(term) >= _SHORTEST_TERM or not term.isascii())
    holding = Counter(term for bag in bags for term in set(bag))
    weight = {term: n * math.log(len(bags) / holding[term]) for term, n in frequency.items()}
    ranked = sorted((term for term in weight if weight[term] > 0), key=lambda term: (-weight[term], -len(term), term))
    return ranked[:count]
