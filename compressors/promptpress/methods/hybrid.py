"""Late-pooled similarity, BM25 and bridges between documents, weighed by what the query looks like."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.models import ModelRole
from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.methods.capabilities import StopsItself
from promptpress.methods.relevance import CoarseStage
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
    bridges: bool = Field(True, description="Let the best sentences vouch for documents whose titles they mention.")


class Hybrid(Method[HybridOptions], StopsItself[HybridOptions]):
    """Keeps sentences that are near the query in meaning, stand in a document that is, or share its rare words."""

    name = "hybrid"
    summary = "Embedding similarity of sentence and document, BM25, and title mentions, weighed by the query."
    query_use = "required"
    options_model: ClassVar[type[BaseModel]] = HybridOptions
    model_roles = (ModelRole.ENCODER,)

    def score(self, passages: Sequence[Passage], query: str | None, options: HybridOptions) -> Scored:
        """score = z(cos(query, sentence)) + d * z(cos(query, document)) + w * z(BM25) + bridge, z over the request's units.

        w grows with the query's length (a long question names more things), with its wordpieces to a word (identifiers
        and languages that the encoder does not know), and with the lead of the best BM25 match over the second (one unit
        has the rare word). Turns, log lines and table rows go without their document's similarity.
        """
        stage = CoarseStage(self._models, passages)
        signals = stage.signals(query or "", options.lexical_weight, options.bridges)
        return Scored(per_passage(passages, signals.score), signals.relevance)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: HybridOptions) -> list[set[int]]:
        """Every unit within a margin of the best one's score."""
        return within_margin(scored, options.margin)
