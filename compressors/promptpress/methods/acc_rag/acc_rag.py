"""ACC-RAG, adaptive context compression for RAG (arXiv 2507.22931), on text: an ordered context and a trained stop.

The paper compresses into embeddings that a language model reads; here prefixes are sentences, so that any model can read
them. What is taken over is the order in which every prefix is worth reading, the growing prefix and the learned selector.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.models import ModelRole, Models
from promptpress.content import Passage, line_unit_fraction
from promptpress.methods.acc_rag.features import features, prefix_sizes, shares
from promptpress.methods.acc_rag.order import importance
from promptpress.methods.acc_rag.selector import load_selector
from promptpress.methods.acc_rag.stopping import best_step
from promptpress.methods.base import Method
from promptpress.methods.capabilities import ReportsDetails, StopsItself
from promptpress.methods.evidence import Evidence
from promptpress.scores import Scored, UnitRef, ranking

SCORER: type[Method[Any]] = Evidence
"""The method that orders units for a query. After a change run training.adaptive again: the selector knows its scores."""


class AccRagOptions(BaseModel):
    """Options of `acc_rag`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confidence: float = Field(
        0.95, gt=0, lt=1, description="The share of questions that should keep their answer. More keeps more."
    )


class AccRag(Method[AccRagOptions], StopsItself[AccRagOptions], ReportsDetails[AccRagOptions]):
    """Keeps best-first until a trained selector expects too little of what would come next."""

    name = "acc_rag"
    summary = (
        "Chooses the ratio for each question: best-first until more text would hardly make the answer likelier (ACC-RAG)."
    )
    options_model: ClassVar[type[BaseModel]] = AccRagOptions
    model_roles = tuple(dict.fromkeys((*SCORER.model_roles, ModelRole.ENCODER)))
    stop_caps_target = True

    def __init__(self, models: Models) -> None:
        super().__init__(models)
        self._scorer = SCORER(models)

    def score(self, passages: Sequence[Passage], query: str | None, options: AccRagOptions) -> Scored:
        """With a query the scorer's scores, and how sure the selector is of each prefix of their order; else importance."""
        if query is None:
            encoder = self._models.encoder()
            units = importance(encoder, passages, self._models.vectors, self._models.scores)
            return Scored(units, details={"order": "importance", "steps": []})
        scored = self._scorer.score(passages, query, self._scorer.options_model())
        order = ranking(passages, scored.units)
        confidences = load_selector().confidences(features(passages, scored, order, query), line_unit_fraction(passages))
        share = shares(passages, order)
        steps = [
            {"units": size, "share": round(float(share[size - 1]), 6), "confidence": float(confidence)}
            for size, confidence in zip(prefix_sizes(len(order)), confidences, strict=True)
        ]
        return Scored(scored.units, scored.passages, {"order": self._scorer.name, "steps": steps})

    def stop(self, passages: Sequence[Passage], scored: Scored, options: AccRagOptions) -> list[set[int]]:
        """The prefix after which more text is not worth it; everything without a query."""
        steps = scored.details["steps"]
        size = steps[_chosen(passages, scored, options)]["units"] if steps else None
        kept: list[set[int]] = [set() for _ in passages]
        for passage, unit in ranking(passages, scored.units)[:size]:
            kept[passage].add(unit)
        return kept

    def details(
        self, passages: Sequence[Passage], scored: Scored, kept: Sequence[set[int]], options: AccRagOptions
    ) -> dict[str, Any]:
        """Where it stopped and why, and the selector's confidence in what is kept."""
        steps = scored.details["steps"]
        leading = _leading(ranking(passages, scored.units), kept)
        reached = int(np.searchsorted([step["units"] for step in steps], leading, side="right"))
        chosen = _chosen(passages, scored, options) if steps else 0
        everything = leading == sum(not unit.structural for passage in passages for unit in passage.units)
        if everything and chosen + 1 >= len(steps):
            reason = "unsure"
        elif reached <= chosen:
            reason = "budget"
        else:
            # Protected units may carry it on beyond the step that was chosen.
            reason = "sufficient" if steps[reached - 1]["confidence"] >= options.confidence else "little_gain"
        return {
            **scored.details,
            "stopped": reason,
            "stop_step": reached,
            "confidence": steps[reached - 1]["confidence"] if reached else None,
        }

    def merge_details(self, details: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The details of the part that was least sure; parts without a question count only where there is no other."""
        if not details:
            return {}
        asked = [each for each in details if each["steps"]] or details
        return dict(min(asked, key=lambda each: each["confidence"] or 0.0))


def _chosen(passages: Sequence[Passage], scored: Scored, options: AccRagOptions) -> int:
    """Index of the step to stop at; of the last if only the whole is enough."""
    steps = scored.details["steps"]
    return best_step(
        np.asarray([step["confidence"] for step in steps]),
        np.asarray([step["share"] for step in steps]),
        load_selector().least_gain(options.confidence, line_unit_fraction(passages)),
    )


def _leading(order: Sequence[UnitRef], kept: Sequence[set[int]]) -> int:
    """How many units of the order, from the first on, are kept without a gap."""
    return next((size for size, (p, u) in enumerate(order) if u not in kept[p]), len(order))
