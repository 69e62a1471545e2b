"""The evidence model over what the relevance finds likely: a cross-encoder reads question and passage together."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.cross_encoder.windows import Window, query_tokens, windows
from promptpress.backends.models import ModelRole, Models
from promptpress.backends.windows import CROSS_ENCODER_TITLE_TOKENS
from promptpress.content import Passage, line_unit_fraction
from promptpress.content.kinds import CROSS_ENCODER_KINDS
from promptpress.methods.base import Method
from promptpress.methods.capabilities import StopsItself
from promptpress.methods.relevance import RelevanceScorer, RelevanceSignals, names_something
from promptpress.methods.weights import EvidenceWeights, RelevanceWeights
from promptpress.scores import ScoreArray, Scored, per_passage, standardise, within_margin

_MOSTLY_LINES = 0.5
"""The share of units that are lines of chats or logs above which more is read."""


class EvidenceOptions(BaseModel):
    """Options of `evidence`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    read_tokens: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Most tokens the model reads, likeliest first; by default half, up to 1,400, of chats 2,400.",
    )
    query_expansion: bool = Field(
        True, description="Let the best sentences expand a question about names, to find what they lead to."
    )
    margin: float = Field(
        8.0, gt=0, le=50, description="Without a target: keep units whose score is within this margin of the best one's."
    )


class Evidence(Method[EvidenceOptions], StopsItself[EvidenceOptions]):
    """Keeps the sentences that a small cross-encoder, reading them beside the question, takes for evidence.

    A script that fits the weights gives others; scores of different weights must not share a score cache.
    """

    name = "evidence"
    summary = "A small model of our own reads the likeliest passages beside the question; added to what `hybrid` knows."
    query_use = "required"
    options_model: ClassVar[type[BaseModel]] = EvidenceOptions
    model_roles = (ModelRole.ENCODER, ModelRole.EVIDENCE)

    def __init__(
        self, models: Models, weights: EvidenceWeights | None = None, relevance: RelevanceWeights | None = None
    ) -> None:
        super().__init__(models)
        self._weights = weights or EvidenceWeights()
        self._relevance = relevance or RelevanceWeights()

    def score(self, passages: Sequence[Passage], query: str | None, options: EvidenceOptions) -> Scored:
        """score = s * z(similarity) + d * z(document) + w * z(BM25) + m * title mention + e * z(evidence).

        Evidence is standardised over the units that were read, and what was not read counts as the least of them. Windows
        of whole units are read in the order of their best unit by `hybrid`, but none of documents of JSON or code. In long
        questions, and among few documents, the evidence counts for more and similarity, of documents above all, for less.
        Among many documents it is the other way round, whatever the question's length: the more the model reads, the higher
        the best of its mistakes. Then the best units expand the question; see `expanded_scores`.
        """
        return self.score_with(RelevanceScorer(self._models, passages, self._relevance), passages, query or "", options)

    def score_with(
        self, scorer: RelevanceScorer, passages: Sequence[Passage], query: str, options: EvidenceOptions
    ) -> Scored:
        """As `score`, with the relevance of a scorer that knows the passages already."""
        signals = scorer.signals(query)
        relevance = signals.score
        read, found = self._read(passages, query, relevance, options)
        if read.sum() <= 1:
            details = {"read_units": 0, "query_expansion": False}
            return Scored(per_passage(passages, relevance), signals.passage_similarity, details)
        evidence = np.full(len(relevance), -np.inf, dtype=np.float32)
        evidence[read] = standardise(found[read])
        evidence[~read] = evidence[read].min()
        evidence[~np.asarray([_readable(p) for p in passages])[scorer.owner]] = 0
        documents = sum(bool(p.units) for p in passages)
        total = combined(signals, evidence, documents, self._weights)
        expansion = _expansion_weight(query, signals, documents, self._weights) if options.query_expansion else 0.0
        if expansion > 0:
            total = expanded_scores(
                scorer, query, total, evidence, documents=documents, weight=expansion, weights=self._weights
            )
        return Scored(
            per_passage(passages, total),
            _passage_relevance(passages, signals, evidence, read),
            {"read_units": int(read.sum()), "query_expansion": expansion > 0},
        )

    def stop(self, passages: Sequence[Passage], scored: Scored, options: EvidenceOptions) -> list[set[int]]:
        """Every unit within a margin of the best one's score."""
        return within_margin(scored, options.margin)

    def merge_details(self, details: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Units read of all parts together; parts without a question were scored by another method and are not counted."""
        read = [each for each in details if "read_units" in each]
        if not read:
            return super().merge_details(details)
        return {
            "read_units": sum(each["read_units"] for each in read),
            "query_expansion": any(each["query_expansion"] for each in read),
        }

    def _read(
        self, passages: Sequence[Passage], query: str, relevance: ScoreArray, options: EvidenceOptions
    ) -> tuple[NDArray[np.bool_], ScoreArray]:
        """Which units were read, and their evidence; shapes (units,)."""
        encoder, reader = self._models.encoder(), self._models.evidence()
        tokens = encoder.tokenize([query, *(p.title for p in passages), *(p.text for p in passages)])
        titles, texts = tokens[1 : 1 + len(passages)], tokens[1 + len(passages) :]
        question = query_tokens(tokens[0].ids)
        first = np.cumsum([0, *(len(p.units) for p in passages)])
        candidates: list[tuple[float, int, Window]] = []
        for index, passage in enumerate(passages):
            if not _readable(passage):
                continue
            for window in windows(passage, texts[index]):
                owners = first[index] + np.unique(window.owners)
                candidates.append((float(relevance[owners].max()), index, window))
        candidates.sort(key=lambda candidate: -candidate[0])
        room = options.read_tokens
        if room is None:
            room = self._read_tokens(passages, sum(len(text.ids) for text in texts))
        chosen: list[tuple[int, Window]] = []
        for _, index, window in candidates:
            room -= len(question) + len(titles[index].ids[:CROSS_ENCODER_TITLE_TOKENS]) + len(window.ids)
            if room < 0:
                break
            chosen.append((index, window))
        readings = reader.score(question, [(titles[index].ids, window) for index, window in chosen])
        read, found = np.zeros(len(relevance), dtype=bool), np.full(len(relevance), -np.inf, dtype=np.float32)
        for (index, _), reading in zip(chosen, readings, strict=True):
            units = first[index] + reading.units
            read[units] = True
            found[units] = np.maximum(found[units], reading.scores + reading.passage)
        return read, found

    def _read_tokens(self, passages: Sequence[Passage], tokens: int) -> int:
        """How many of the passages' tokens to read: of prose a share within bounds, for one and a half times the time of the
        relevance on long prompts; of chats and logs more, where the relevance knows less and takes longer.
        """
        if line_unit_fraction(passages) > _MOSTLY_LINES:
            return self._weights.read_max_lines
        return min(max(round(self._weights.read_share * tokens), self._weights.read_min), self._weights.read_max)


def _readable(passage: Passage) -> bool:
    """Whether the model was trained on such text: JSON and code are left to the relevance, which knows them better."""
    foreign = sum(unit.kind not in CROSS_ENCODER_KINDS for unit in passage.units)
    return 2 * foreign <= len(passage.units)


def combined(
    signals: RelevanceSignals, evidence: ScoreArray, documents: int, weights: EvidenceWeights | None = None
) -> ScoreArray:
    """The weighted sum of signals and standardised evidence (units,), by the number of documents; see Evidence.score."""
    weights = weights or EvidenceWeights()
    several = float(
        np.clip((documents - weights.few_documents_to) / (weights.several_documents_from - weights.few_documents_to), 0, 1)
    )
    many = _many(documents, weights)
    counted = np.where(signals.context_free, 1, 1 - many * weights.long_query_counts_short_many)
    short = several * (1 - signals.query_length * counted)
    short_evidence = weights.evidence_short_query + many * (weights.evidence_short_query_many - weights.evidence_short_query)
    lexical_weight = np.where(signals.context_free, signals.lexical_weight, short * signals.lexical_weight + (1 - short))
    evidence_weight = np.where(
        signals.context_free,
        weights.evidence_long_query,
        weights.evidence_long_query + short * (short_evidence - weights.evidence_long_query),
    )
    total = (
        (weights.similarity_long_query + short * (1 - weights.similarity_long_query)) * signals.similarity
        + short * signals.document_weight * signals.document
        + lexical_weight * signals.lexical
        + weights.title_mention * signals.title_mention
        + evidence_weight * evidence
    )
    return np.asarray(total, dtype=np.float32)


def _many(documents: int, weights: EvidenceWeights) -> float:
    """0 for several documents or fewer, 1 for many."""
    ramp = weights.many_documents_from - weights.several_documents_from
    return float(np.clip((documents - weights.several_documents_from) / ramp, 0, 1))


def _expansion_weight(query: str, signals: RelevanceSignals, documents: int, weights: EvidenceWeights) -> float:
    """The weight of the expanded scores: only for prose and questions about names, more for a long one, less over many
    documents or in words that the encoder does not know.
    """
    if 2 * signals.context_free.sum() >= len(signals.context_free) or not names_something(query):
        return 0.0
    by_length = weights.expansion * (1 + signals.query_length) / 2
    return by_length * (1 - _many(documents, weights)) * min(1.0, 2 - signals.subword_fertility)


def expanded_scores(
    scorer: RelevanceScorer,
    query: str,
    first: ScoreArray,
    evidence: ScoreArray,
    *,
    documents: int,
    weight: float,
    weights: EvidenceWeights,
) -> ScoreArray:
    """Query expansion by pseudo-relevance feedback: z(first) + weight * mean of z(expanded), on the scale of `first`.

    Shapes (units,). Each of the best units is put behind the query and all units are scored again, by new similarities and
    word matches and the evidence that is known. An expanded score counts by the first one of the unit that led to it, half
    in the same passage, and is neutral for that unit itself. This finds the second step of a question that one sentence
    cannot answer, as retrieval in turns does (Trivedi et al., arXiv 2212.10509), without a generator between the turns.
    """
    best = np.argsort(-first.round(5), kind="stable")[: weights.expansion_units]
    shares = np.exp((first[best] - first[best[0]]) / np.float32(weights.expansion_temperature))
    shares /= shares.sum()
    mean = np.zeros_like(first)
    for unit, share in zip(best.tolist(), shares, strict=True):
        expanded = standardise(combined(scorer.expanded_signals(query, unit), evidence, documents, weights))
        expanded[(scorer.owner == scorer.owner[unit]) & (expanded > 0)] *= weights.expansion_same_passage
        expanded[unit] = 0
        mean += share * expanded
    both = standardise(standardise(first) + np.float32(weight) * mean)
    return np.asarray(both * first.std() + first.mean(), dtype=np.float32)


def _passage_relevance(
    passages: Sequence[Passage], signals: RelevanceSignals, evidence: ScoreArray, read: NDArray[np.bool_]
) -> ScoreArray:
    """Of each passage: 1 to 2 by its best standardised evidence where it was read, else its similarity, which is below."""
    best = np.asarray(
        [units.max(initial=-np.inf) for units in per_passage(passages, np.where(read, evidence, -np.inf))], dtype=np.float32
    )
    seen = np.isfinite(best)
    return np.where(seen, 1 + 1 / (1 + np.exp(-np.where(seen, best, 0))), signals.passage_similarity).astype(np.float32)
