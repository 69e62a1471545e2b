"""What a compression method is: a function that scores units. Cutting, counting and rendering are the pipeline's.

A method is one file with one subclass of `Method`. What only some methods do is a class each in
`promptpress.methods.capabilities`, inherited beside `Method`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from promptpress.backends.models import ModelRole, Models
from promptpress.content import Passage
from promptpress.scores import ScoreCache, Scored

QueryUse = Literal["required", "used", "ignored"]
"""What a method does with a query: it cannot do without one, uses one if there is one, or never reads it."""


class NoOptions(BaseModel):
    """The options of a method that has none."""

    model_config = ConfigDict(extra="forbid", strict=True)


OptionsT = TypeVar("OptionsT", bound=BaseModel)


class Method(ABC, Generic[OptionsT]):
    """Base of all methods. A subclass sets `name` and `summary`, the other class variables where they differ, and scores.

    One instance serves all requests of a compressor, from several threads at once, so it keeps nothing of any request.
    """

    name: ClassVar[str]
    """What requests call it; of a plug-in also the name of its entry point."""
    summary: ClassVar[str]
    """One line for lists of methods."""
    query_use: ClassVar[QueryUse] = "used"
    options_model: ClassVar[type[BaseModel]] = NoOptions
    """A pydantic model that forbids unknown fields, with a description and a default for every option."""
    model_roles: ClassVar[tuple[ModelRole, ...]] = ()
    """The models it cannot do without."""
    skip_oversized: ClassVar[bool] = True
    """Whether a unit that does not fit the budget is skipped for a lesser one that does; if not, the cut ends there."""

    def __init__(self, models: Models) -> None:
        self._models = models

    @property
    def score_cache(self) -> ScoreCache | None:
        """The cache of this method's scores between requests, if there is one."""
        return self._models.scores

    @property
    def available(self) -> bool:
        """Whether there are all the models that the method cannot do without."""
        return self._models.has_causal_lm or ModelRole.CAUSAL_LM not in self.model_roles

    def model_names(self, options: OptionsT | None = None) -> list[str]:
        """Names of the models that the method runs on, with these options if they decide that; part of the cache key."""
        return [self._models.name_of(role) for role in self.model_roles]

    @abstractmethod
    def score(self, passages: Sequence[Passage], query: str | None, options: OptionsT) -> Scored:
        """Score every unit of every passage: float32 arrays (units,), higher = keep.

        Must not depend on any budget, so that scores can be cached and cut again. `query` is None or not blank.
        """

    def merge_details(self, details: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """One `method_details` for a request whose parts were compressed one by one; by default that of the first.

        `details` are those of the parts that have any, in order. Some may come from another method, where the one that was
        asked for delegates differently from part to part.
        """
        return dict(details[0]) if details else {}
