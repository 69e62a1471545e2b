"""SCOPE: chunks that may be written anew, each as much shorter as it matters less.

After "SCOPE: A Generative Approach for LLM Prompt Compression" as far as its abstract and a review tell: semantic chunks,
outlier chunks, a ratio for each chunk, prioritisation, and keywords that are kept. The paper's full text was not available
to us; thresholds, formulas, encoder and writer here are ours (docs/scope.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.late_chunking import passage_vectors
from promptpress.backends.models import ModelRole, Models
from promptpress.backends.rewriter.base import LLMUsage, RewriteJob
from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.methods.capabilities import Rewrites, StopsItself
from promptpress.methods.dspc.dspc import Dspc, DspcOptions
from promptpress.methods.hybrid import Hybrid, HybridOptions
from promptpress.methods.scope.acceptance import SIMILARITY
from promptpress.methods.scope.allocation import importance, redundancy, water_fill
from promptpress.methods.scope.chunking import Chunk, chunk
from promptpress.methods.scope.drafting import Drafting
from promptpress.methods.scope.keywords import KeywordFinder
from promptpress.methods.scope.plan import ChunkDecision, RewritePlan, build_plan
from promptpress.runtime.cancellation import check
from promptpress.runtime.progress import report
from promptpress.scores import Scored
from promptpress.text.spans import SpanSet

_WITHOUT_TARGET = 0.5
_SHARPNESS = 6.0
"""How much more a chunk of importance 1 may keep than one of 0, as an exponent of e."""
_SHARE_STEP = 0.05
"""Shares are rounded down to steps, so that a rewrite is found again when a share differs by little."""


class ScopeOptions(BaseModel):
    """Options of `scope`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    relevance_weight: float = Field(
        0.7, ge=0, le=1, description="Weight of a chunk's relevance to the query beside its centrality in the text."
    )
    smallest_share: float = Field(
        0.1, ge=0, le=1, description="A chunk that would keep less of its tokens than this is dropped whole."
    )
    similarity: float = Field(
        SIMILARITY, ge=0, le=1, description="Least cosine between a chunk and its rewrite; a rewrite below it is refused."
    )


class Scope(Method[ScopeOptions], StopsItself[ScopeOptions], Rewrites[ScopeOptions]):
    """Divides the text into semantic chunks, gives each a share of the budget, and writes those shorter that matter less."""

    name = "scope"
    summary = "Semantic chunks, each rewritten as far as it matters less; deletes words unless a rewriter is set (SCOPE)."
    options_model: ClassVar[type[BaseModel]] = ScopeOptions
    model_roles = (ModelRole.ENCODER, ModelRole.REWRITER)

    def __init__(self, models: Models) -> None:
        # Chunks need the vectors that the scores were made of.
        super().__init__(replace(models, vectors=models.vectors or LruVectorCache()))
        self._with_query = Hybrid(self._models)
        self._without_query = Dspc(self._models)

    def score(self, passages: Sequence[Passage], query: str | None, options: ScopeOptions) -> Scored:
        """As `hybrid` with a query and as `dspc` without: what a sentence is worth when a chunk cannot be rewritten."""
        if query:
            return self._with_query.score(passages, query, HybridOptions())
        scored = self._without_query.score(passages, None, DspcOptions())
        return Scored(scored.units, scored.passages)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: ScopeOptions) -> list[set[int]]:
        """Without a target nothing is dropped: every chunk is only written as short as it goes."""
        return [{u for u, unit in enumerate(passage.units) if not unit.structural} for passage in passages]

    def rewrite(
        self,
        passages: Sequence[Passage],
        scored: Scored,
        protected: Sequence[set[int]],
        *,
        query: str | None,
        budget: int | None,
        count: Callable[[str], int],
        options: ScopeOptions,
    ) -> RewritePlan:
        """Chunk, allocate, rewrite from the least important chunk on until the budget is met, and fall back to sentences."""
        vectors = passage_vectors(self._models.encoder(), passages, self._models.vectors)
        chunks = chunk(passages, vectors, count)
        check()
        decisions = self._allocate(
            chunks, scored, protected, passages, query=query, budget=budget, options=options, count=count
        )
        order = sorted(range(len(decisions)), key=lambda i: (decisions[i].importance, i))
        details = self._write(
            [decisions[i] for i in order],
            passages,
            scored,
            protected,
            query=query,
            budget=budget,
            count=count,
            options=options,
        )
        return build_plan(passages, scored.units, protected, decisions, details)

    def merge_details(self, details: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The chunks of all parts, and what their rewriting cost together."""
        merged = super().merge_details(details)
        if len(details) <= 1:
            return merged
        merged["chunks"] = [chunk for each in details for chunk in each["chunks"]]
        merged["rewritten"] = any(each["rewritten"] for each in details)
        if "complete" in merged:
            merged["complete"] = all(each["complete"] for each in details)
            merged["spend"] = {name: sum(each["spend"][name] for each in details) for name in vars(LLMUsage())}
        return merged

    def _allocate(
        self,
        chunks: Sequence[Chunk],
        scored: Scored,
        protected: Sequence[set[int]],
        passages: Sequence[Passage],
        *,
        query: str | None,
        budget: int | None,
        options: ScopeOptions,
        count: Callable[[str], int],
    ) -> list[ChunkDecision]:
        """w from relevance and centrality, k by water-filling exp(sharpness * w) * (1 - redundancy)."""
        if not chunks:
            return []
        matrix = np.stack([each.vector for each in chunks])
        relevance = None
        if query:
            best = [max(float(scored.units[c.passage][u]) for u in c.units) for c in chunks]
            relevance = np.asarray(best, dtype=np.float64).round(5)
        weights = importance(relevance, matrix, options.relevance_weight)
        if budget is None:
            return [ChunkDecision(c, float(w), _WITHOUT_TARGET) for c, w in zip(chunks, weights, strict=True)]
        worth = np.exp(_SHARPNESS * weights) * (1 - redundancy(matrix))
        floors = []
        for each in chunks:
            forced = sum(count(passages[each.passage].slice(u)) for u in each.units if u in protected[each.passage])
            floors.append(min(1.0, forced / max(1, each.tokens)))
        shares = water_fill(worth, [c.tokens for c in chunks], floors, budget, options.smallest_share)
        return [ChunkDecision(c, float(w), float(k)) for c, w, k in zip(chunks, weights, shares, strict=True)]

    def _write(
        self,
        decisions: Sequence[ChunkDecision],
        passages: Sequence[Passage],
        scored: Scored,
        protected: Sequence[set[int]],
        *,
        query: str | None,
        budget: int | None,
        count: Callable[[str], int],
        options: ScopeOptions,
    ) -> dict[str, Any]:
        rewriter = self._models.rewriter()
        drafting = Drafting(rewriter, self._models.encoder(), options.similarity, self._models.rewrites)
        finder = KeywordFinder([_text(passages, each.chunk) for each in decisions], query)
        total = sum(each.chunk.tokens for each in decisions if each.share > 0)
        usage, complete = LLMUsage(), True
        pending: list[ChunkDecision] = []
        for each in decisions:
            each.reason = _unfit(each, passages, protected)
            if each.reason is None and 0 < each.share < 1:
                pending.append(each)
        jobs = [(_job(each, passages, finder, count), _stepped(each.share)) for each in pending]
        drafts = drafting.attempts(jobs)
        for done, each in enumerate(decisions, 1):
            check()
            if each.share == 0:
                each.reason = "least_important"
            elif each.share == 1 or (budget is not None and total <= budget):
                each.preferred, each.reason, each.whole = set(each.chunk.units), "most_important", True
            else:
                if each.reason is None:
                    attempt = next(drafts)
                    each.draft, each.reason, each.attempts = attempt.draft, attempt.reason, attempt.attempts
                    each.cached = attempt.cached
                    usage, complete = usage + attempt.usage, complete and not attempt.transient
                total -= each.chunk.tokens - _prefer(each, passages, scored, count)
            report("rewrite", done, len(decisions), item=each.chunk.passage)
        drafts.close()
        details: dict[str, Any] = {"rewriter": rewriter.name}
        if rewriter.generates:
            details |= {"complete": complete, "spend": vars(usage)}
        return details


def _text(passages: Sequence[Passage], each: Chunk) -> str:
    units = passages[each.passage].units
    return passages[each.passage].text[units[each.first].start : units[each.last].end]


def _unfit(each: ChunkDecision, passages: Sequence[Passage], protected: Sequence[set[int]]) -> str | None:
    chunk = each.chunk
    passage = passages[chunk.passage]
    if not protected[chunk.passage].isdisjoint(chunk.units):
        return "protected"
    if passage.hidden and SpanSet(passage.hidden).overlaps(passage.units[chunk.first].start, passage.units[chunk.last].end):
        return "protected"
    return chunk.outlier


def _job(each: ChunkDecision, passages: Sequence[Passage], finder: KeywordFinder, count: Callable[[str], int]) -> RewriteJob:
    chunk = each.chunk
    units = passages[chunk.passage].units
    text, start = _text(passages, chunk), units[chunk.first].start
    return RewriteJob(
        text,
        [(units[u].start - start, units[u].end - start) for u in chunk.units],
        finder.spans(text),
        finder.keywords(text),
        max(1, int(_stepped(each.share) * chunk.tokens)),
        count,
    )


def _stepped(share: float) -> float:
    return max(_SHARE_STEP, int(share / _SHARE_STEP + 1e-9) * _SHARE_STEP)


def _prefer(each: ChunkDecision, passages: Sequence[Passage], scored: Scored, count: Callable[[str], int]) -> int:
    """Mark the units inside the chunk's share and return their tokens: all of a rewrite, else the best sentences."""
    chunk = each.chunk
    passage, scores = passages[chunk.passage], scored.units[chunk.passage]
    if each.draft and any(replacement.text for replacement in each.draft.replacements):
        each.preferred = set(chunk.units)
        return count(each.draft.text)
    start = passage.units[chunk.first].start
    edits = [(start + e.start, start + e.end) for e in each.draft.replacements] if each.draft else []
    room = each.share * chunk.tokens
    spent = 0
    for unit in sorted(chunk.units, key=lambda u: (-round(float(scores[u]), 5), u)):
        begin, end = passage.units[unit].start, passage.units[unit].end
        gone = sum(count(passage.text[s:e]) for s, e in edits if begin <= s and e <= end)
        tokens = max(1, count(passage.slice(unit)) - gone)
        if spent + tokens <= room:
            each.preferred.add(unit)
            spent += tokens
    return spent
