"""Truncation: the baseline every compressor has to beat."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.scores import Scored, positions


class TruncateOptions(BaseModel):
    """Options of `truncate`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    side: Literal["head", "tail"] = Field("head", description="Which end is kept.")


class Truncate(Method[TruncateOptions]):
    """Keeps units from one end until the budget is used."""

    name = "truncate"
    summary = "Keeps the beginning (or the end) in whole sentences. A baseline."
    query_use = "ignored"
    options_model: ClassVar[type[BaseModel]] = TruncateOptions
    skip_oversized = False

    def score(self, passages: Sequence[Passage], query: str | None, options: TruncateOptions) -> Scored:
        """A unit's score is its distance from the end that is cut off."""
        rising = positions(passages)
        return Scored(rising if options.side == "tail" else [-array for array in rising])
