"""What a compression method is: a function that scores units. Cutting, counting and printing are not its business."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from promptpress.backends.models import Models
from promptpress.content import Passage
from promptpress.methods.scope.plan import Plan
from promptpress.scores import ScoreCache, Scored


class NoOptions(BaseModel):
    """The options of a method that has none."""

    model_config = ConfigDict(extra="forbid", strict=True)


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
    ) -> Plan | None:
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
