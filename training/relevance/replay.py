"""What `evidence` keeps of the answers with any weights: signals are computed once, sums and cuts again for each weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.quality.data import Item
from benchmarks.quality.metrics import kept
from promptpress.arrays import Float64Array
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.backends.models import Models
from promptpress.methods.evidence import Evidence, EvidenceOptions
from promptpress.methods.relevance import RelevanceScorer
from promptpress.methods.weights import EvidenceWeights, RelevanceWeights
from promptpress.pipeline.pipeline import count, cut, protect, reason_to_skip, segment_texts
from promptpress.pipeline.state import Protection, State, Target, Task
from promptpress.text.tokenization import counter_for
from training.relevance.remembering import RememberingCounter, RememberingCrossEncoder, RememberingEncoder

RATIOS = (1 / 4, 1 / 8, 1 / 16)


@dataclass(frozen=True)
class Weights:
    """All that is fitted."""

    relevance: RelevanceWeights = field(default_factory=RelevanceWeights)
    evidence: EvidenceWeights = field(default_factory=EvidenceWeights)

    def with_number(self, name: str, value: float) -> "Weights":
        """The weights with another value of one number. Raises AttributeError for a name that neither class has."""
        changed: dict[str, Any] = {name: value}
        if hasattr(self.relevance, name):
            return replace(self, relevance=replace(self.relevance, **changed))
        getattr(self.evidence, name)
        return replace(self, evidence=replace(self.evidence, **changed))

    def number(self, name: str) -> float:
        """The value of one number."""
        return float(getattr(self.relevance if hasattr(self.relevance, name) else self.evidence, name))

    @property
    def ordered(self) -> bool:
        """Whether the bounds of few, several and many documents rise, and those of tokens read do not cross."""
        each = self.evidence
        documents = each.few_documents_to < each.several_documents_from < each.many_documents_from
        return documents and each.read_min <= each.read_max and self.relevance.lexical_min <= self.relevance.lexical_max


def remembering_models(threads: int | None = None) -> Models:
    """The embedded encoder and cross-encoder, each run once for the same input."""
    models = ModelLoader(threads=threads).models(LruVectorCache(2**31))
    encoder, cross_encoder = RememberingEncoder(models.encoder()), RememberingCrossEncoder(threads)
    return replace(models, encoder=lambda: encoder, evidence=lambda: cross_encoder)


class Replay:
    """Items whose passages are segmented and encoded once."""

    def __init__(self, items: Sequence[Item], models: Models, ratios: Sequence[float] = RATIOS) -> None:
        self.items = [item for item in items if kept(item, "") is not None]
        self.ratios = ratios
        self._models = models
        self._prepared = [self._prepare(item) for item in self.items]

    def kept(self, weights: Weights, progress: Callable[[], None] = lambda: None) -> Float64Array:
        """What is kept of the answer of each item at each ratio, 0 to 1; shape (items, ratios)."""
        method = Evidence(self._models, weights.evidence, weights.relevance)
        found = np.empty((len(self.items), len(self.ratios)))
        for row, (item, (states, scorer)) in enumerate(zip(self.items, self._prepared, strict=True)):
            found[row] = self._kept(item, method, states, scorer and scorer.with_weights(weights.relevance))
            progress()
        return found

    def _kept(
        self, item: Item, method: Evidence, states: Sequence[State], scorer: RelevanceScorer | None
    ) -> list[float | None]:
        whole = "\n".join(document["text"] for document in item.documents)
        if scorer is None:
            return [kept(item, whole)] * len(states)
        scored = method.score_with(scorer, states[0].passages, item.question, EvidenceOptions())
        outputs = []
        for state in states:
            if reason_to_skip(state):
                outputs.append(whole)
                continue
            task = replace(state.task, method=method)
            fresh = replace(state, task=task, scored=scored, refused=set(), warnings=[], rendered=[], kept=[])
            outputs.append("\n".join(rendered.text for rendered in cut(fresh).rendered))
        return [kept(item, output) for output in outputs]

    def _prepare(self, item: Item) -> tuple[list[State], RelevanceScorer | None]:
        """A state for each ratio, ready to be scored, and the scorer; None if there is nothing to score."""
        texts = [(document["title"], document["text"]) for document in item.documents]
        counter = RememberingCounter(counter_for(None, None).name)
        states: list[State] = []
        for ratio in self.ratios:
            task = Task(
                texts,
                item.question,
                Target(ratio=ratio),
                Evidence(self._models),
                EvidenceOptions(),
                Protection("facts"),
                counter,
            )
            state = count(task)
            if states:
                state.passages = states[0].passages
            else:
                segment_texts(state)
            protect(state)
            states.append(state)
        passages = states[0].passages
        units = any(passage.units for passage in passages)
        return states, RelevanceScorer(self._models, passages) if units else None
