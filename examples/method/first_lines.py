"""`first_lines`: a method of another distribution, in one file.

Newspaper articles put what matters into their first sentences. This method keeps the first sentence of every document, then
the second of every document, and so on, until the budget is used; without a target it keeps a fixed number of each.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.methods.capabilities import ReportsDetails, StopsItself
from promptpress.scores import Scored


class FirstLinesOptions(BaseModel):
    """Options of `first_lines`. Unknown names are refused, and `promptpress methods` shows the descriptions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lines: int = Field(2, ge=1, le=1000, description="Sentences kept of each document when no target is given.")


# Only `Method` is required. The other two are there because this method has a stop of its own, and details to report.
class FirstLines(Method[FirstLinesOptions], StopsItself[FirstLinesOptions], ReportsDetails[FirstLinesOptions]):
    """Keeps the first sentences of every document."""

    name = "first_lines"
    summary = "The first sentences of every document, in turns. An example of a plug-in."
    query_use = "ignored"
    options_model: ClassVar[type[BaseModel]] = FirstLinesOptions

    def score(self, passages: Sequence[Passage], query: str | None, options: FirstLinesOptions) -> Scored:
        """A unit's score is minus its index in its document; the budget is none of the method's business."""
        return Scored([-np.arange(len(passage.units), dtype=np.float32) for passage in passages])

    def stop(self, passages: Sequence[Passage], scored: Scored, options: FirstLinesOptions) -> list[set[int]]:
        """The first units of each document."""
        return [set(range(min(options.lines, len(passage.units)))) for passage in passages]

    def details(
        self, passages: Sequence[Passage], scored: Scored, kept: Sequence[set[int]], options: FirstLinesOptions
    ) -> dict[str, Any]:
        """How many sentences of each document were kept."""
        return {"lines": [len(units) for units in kept]}
