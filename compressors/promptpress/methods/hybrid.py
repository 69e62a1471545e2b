"""Similarity, BM25 and title mentions, weighted by what the query looks like."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.models import ModelRole, Models
from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.methods.capabilities import StopsItself
from promptpress.methods.relevance import RelevanceScorer
from promptpress.methods.weights import RelevanceWeights
from promptpress.scores import Scored, per_passage, within_margin


class HybridOptions(BaseModel):
    """Options of `hybrid`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lexical_weight: float | None = Field(
        None, ge=0, le=10, description="Weight of BM25 beside the similarities; by default it depends on the query."
    )
    margin: float = Field(
        7.0, gt=0, le=50, description="Without a target: keep units whose score is within this margin of the best one's."
    )
    title_mentions: bool = Field(True, description="Let the best sentences raise documents whose titles they mention.")


class Hybrid(Method[HybridOptions], StopsItself[HybridOptions]):
    """Keeps sentences that are near the query in meaning, stand in a document that is, or share its rare words."""

    name = "hybrid"
    summary = "Embedding similarity of sentence and document, BM25, and title mentions, weighted by the query."
    query_use = "required"
    options_model: ClassVar[type[BaseModel]] = HybridOptions
    model_roles = (ModelRole.ENCODER,)

    def __init__(self, models: Models, weights: RelevanceWeights | None = None) -> None:
        super().__init__(models)
        self._weights = weights or RelevanceWeights()

    def score(self, passages: Sequence[Passage], query: str | None, options: HybridOptions) -> Scored:
        """score = z(cos(query, sentence)) + d * z(cos(query, document)) + w * z(BM25) + title mention; z over all units.

        w grows with the query's length (a long question names more things), with its wordpieces to a word (identifiers
        and languages that the encoder does not know), and with the lead of the best BM25 match over the second (one unit
        has the rare word). Turns, log lines and table rows go without their document's similarity.
        """
        scorer = RelevanceScorer(self._models, passages, self._weights)
        signals = scorer.signals(query or "", options.lexical_weight, options.title_mentions)
        return Scored(per_passage(passages, signals.score), signals.passage_similarity)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: HybridOptions) -> list[set[int]]:
        """Every unit within a margin of the best one's score."""
        return within_margin(scored, options.margin)
