"""What a compression method is: a function that scores units. Cutting, counting and printing are not its business."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.cross_encoder.model import CrossEncoder
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.encoder.late_chunking import VectorCache
from promptpress.backends.rewriter.base import Rewriter
from promptpress.backends.rewriter.cache import RewriteCache
from promptpress.content import Passage
from promptpress.methods.scope.plan import RewritePlan

ScoreArray = NDArray[np.float32]


class NoOptions(BaseModel):
    """The options of a method that has none."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Scored:
    """What a method says about a request.

    `units`: for each passage a float32 array (units,), higher = keep. `passages`: relevance of each passage, if the method
    knows one. `details` goes into the response under `method_details`.
    """

    units: list[ScoreArray]
    passages: ScoreArray | None = None
    details: dict[str, Any] = field(default_factory=dict)


class ScoreCache(Protocol):
    """Where scores are kept between requests."""

    def get(self, key: bytes) -> Scored | None:
        """The scores stored under `key`, if they still are."""

    def put(self, key: bytes, scored: Scored) -> None:
        """Store scores; an older entry may go."""


@dataclass(frozen=True)
class Models:
    """Models a method may ask for, each loaded when it is first asked for; and what is kept of their work."""

    encoder: Callable[[], Encoder]
    evidence: Callable[[], CrossEncoder]
    rewriter: Callable[[], Rewriter]
    causal_lm: Callable[[], CausalLM]
    small_lm: Callable[[], CausalLM | None]
    """The smaller model of a pair; None: the first layers of `causal_lm`."""
    evaluator: Callable[[str], Evaluator]
    """Evaluator heads by the kind of model they are in: `causal_lm` or `encoder`."""
    causal_lm_name: Callable[[], str]
    has_causal_lm: bool
    """Whether there is a causal language model; without one, asking for it raises InvalidValue."""
    vectors: VectorCache | None = None
    scores: ScoreCache | None = None
    rewrites: RewriteCache | None = None

    def name_of(self, role: str) -> str:
        """The name of the model in a role: `encoder`, `evidence`, `rewriter`, `causal_lm`."""
        if role == "causal_lm":
            return self.causal_lm_name()
        if role == "encoder":
            return self.encoder().name
        return self.evidence().name if role == "evidence" else self.rewriter().name


OptionsT = TypeVar("OptionsT", bound=BaseModel)


class Method(ABC, Generic[OptionsT]):
    """Base of all methods. A subclass sets the class variables, scores, and may say where to stop without a target."""

    name: ClassVar[str]
    summary: ClassVar[str]
    query: ClassVar[str] = "used"
    """"required", "used" (works without one) or "ignored"."""
    options_model: ClassVar[type[BaseModel]] = NoOptions
    fills: ClassVar[bool] = True
    """Whether a unit that does not fit is skipped for a lesser one that does."""
    models: ClassVar[tuple[str, ...]] = ()
    stops_early: ClassVar[bool] = False
    """Whether `stop` holds with a target too: then it is the most that is kept, and the result may be below the target."""

    def __init__(self, models: Models) -> None:
        self._models = models

    @property
    def known_scores(self) -> ScoreCache | None:
        """Where scores of this method are kept between requests, if anywhere."""
        return self._models.scores

    def resolve(
        self, query: str | None, options: BaseModel, methods: "Mapping[str, Method[Any]]"
    ) -> "tuple[Method[Any], BaseModel]":
        """The method that will really run, with its options; a method that delegates overrides this."""
        return self, options

    @property
    def available(self) -> bool:
        """Whether there are all the models that the method cannot do without."""
        return self._models.has_causal_lm or "causal_lm" not in self.models

    def model_names(self, options: OptionsT | None = None) -> list[str]:
        """Names of the models that the method runs on, with these options if they decide that."""
        return [self._models.name_of(role) for role in self.models]

    def divide(self, passages: Sequence[Passage], options: OptionsT, facts: bool) -> list[Passage]:
        """The passages with the units that the method scores, where those are finer than sentences.

        `facts`: a sentence of which anything is kept must keep its facts (`promptpress.content.fragments`). Where units
        begin and end must not depend on it.
        """
        return list(passages)

    @abstractmethod
    def score(self, passages: Sequence[Passage], query: str | None, options: OptionsT) -> Scored:
        """Score every unit of every passage. Must not depend on any budget."""

    def rewrite(
        self,
        passages: Sequence[Passage],
        scored: Scored,
        protected: Sequence[set[int]],
        query: str | None,
        budget: int | None,
        count: Callable[[str], int],
        options: OptionsT,
    ) -> RewritePlan | None:
        """Write parts of the passages anew before the cut; None for a method that only selects.

        What is protected stays as it is. The cut then keeps whole units of what comes back, so that budgets stay exact.
        """
        return None

    def stop(self, passages: Sequence[Passage], scored: Scored, options: OptionsT) -> list[set[int]] | None:
        """Units to keep of each passage when no target is given; None if the method has no stop of its own."""
        return None

    def account(
        self, passages: Sequence[Passage], scored: Scored, kept: Sequence[set[int]], options: OptionsT
    ) -> dict[str, Any]:
        """What goes into the response under `method_details`, now that it is known what was kept."""
        return scored.details


def best_units(scored: Scored, keep: int) -> list[set[int]]:
    """The `keep` best-scored units over all passages, ties to the earlier one, as a set for each passage."""
    sizes = [len(scores) for scores in scored.units]
    flat = np.concatenate(scored.units) if scored.units else np.empty(0, dtype=np.float32)
    chosen = np.argsort(-flat.astype(np.float64).round(5), kind="stable")[: max(keep, 0)]
    offsets = np.cumsum([0, *sizes])
    kept: list[set[int]] = [set() for _ in sizes]
    for passage, index in zip(np.searchsorted(offsets, chosen, side="right") - 1, chosen, strict=True):
        kept[passage].add(int(index - offsets[passage]))
    return kept


def per_passage(passages: Sequence[Passage], flat: ScoreArray) -> list[ScoreArray]:
    """Scores of all units (units,) cut into one array for each passage."""
    edges = np.cumsum([0, *(len(passage.units) for passage in passages)])
    return [flat[a:b] for a, b in itertools.pairwise(edges)]


def positions(passages: Sequence[Passage]) -> list[ScoreArray]:
    """Ascending numbers over all units in reading order, for methods that go by position."""
    arrays, start = [], 0
    for passage in passages:
        arrays.append(np.arange(start, start + len(passage.units), dtype=np.float32))
        start += len(passage.units)
    return arrays
