"""What only some methods do, one class for each. A method inherits those it needs; the pipeline asks with `isinstance`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, ClassVar, Generic, Protocol

from pydantic import BaseModel

from promptpress.content import Passage
from promptpress.methods.base import Method, OptionsT
from promptpress.scores import ScoreArray, Scored, Tiers


class Resegments(ABC, Generic[OptionsT]):
    """Scores units that are finer than sentences."""

    @abstractmethod
    def resegment(self, passages: Sequence[Passage], options: OptionsT, facts: bool) -> list[Passage]:
        """The same passages with other units, the ones that `score` scores.

        `facts`: a sentence of which anything is kept must keep its facts (`promptpress.content.fragments`). Where units
        begin and end must not depend on it.
        """


class StopsItself(ABC, Generic[OptionsT]):
    """Knows how much to keep where the request sets no target."""

    stop_caps_target: ClassVar[bool] = False
    """Whether the stop holds with a target too: then it is the most that is kept, and results may be below the target."""

    @abstractmethod
    def stop(self, passages: Sequence[Passage], scored: Scored, options: OptionsT) -> list[set[int]] | None:
        """Units to keep of each passage; None if with these options the method needs a target."""


class RewrittenPassages(Protocol):
    """What a rewriting method hands to the cut; lists are aligned with the passages of the request."""

    @property
    def passages(self) -> list[Passage]:
        """The passages as rewritten; units may be joined."""

    @property
    def scores(self) -> list[ScoreArray]:
        """Scores of the units they have now."""

    @property
    def tiers(self) -> list[Tiers]:
        """Which units are to be kept before others, whatever their scores."""

    @property
    def protected(self) -> list[set[int]]:
        """The protected units by the indices they have now."""

    def details(self, kept: Sequence[Set[int]]) -> dict[str, Any]:
        """The `method_details` of the response, given the units that were kept in the end."""


class Rewrites(ABC, Generic[OptionsT]):
    """Writes parts of the passages anew before the cut."""

    @abstractmethod
    def rewrite(
        self,
        passages: Sequence[Passage],
        scored: Scored,
        protected: Sequence[set[int]],
        *,
        query: str | None,
        budget: int | None,
        count: Callable[[str], int],
        options: OptionsT,
    ) -> RewrittenPassages:
        """The passages rewritten. `budget` is in tokens as `count` counts them, None without a target.

        Protected units stay as they are. The cut then keeps whole units of the result, so that budgets stay exact.
        """


class ReportsDetails(ABC, Generic[OptionsT]):
    """Has more to report than `Scored.details`, once it is known which units were kept."""

    @abstractmethod
    def details(
        self, passages: Sequence[Passage], scored: Scored, kept: Sequence[set[int]], options: OptionsT
    ) -> dict[str, Any]:
        """The `method_details` of the response."""


class Delegates(ABC, Generic[OptionsT]):
    """Hands each request to another method, which the response names. Its own `score` is never called."""

    @abstractmethod
    def delegate(
        self, query: str | None, options: OptionsT, methods: Mapping[str, Method[Any]]
    ) -> tuple[Method[Any], BaseModel]:
        """The method that runs, one of `methods` by name, with its options."""
