"""What every input shape can do: give its texts, and take shorter ones back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptpress.result import UnitScore
from promptpress.scores import ScoreArray
from promptpress.text.spans import Span

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Slot:
    """One text of an input: the place of its item (text, document or message), and what is known of it.

    `path` leads to the text inside a message, whose `role` counts for it; `title` is that of a document.
    """

    item: int
    text: str
    title: str = ""
    path: Path = ()
    role: str = ""


class Shape(ABC):
    """An input in one of the four shapes, as a request or a result has it. The input itself is never changed."""

    @abstractmethod
    def slots(self) -> list[Slot]:
        """Its texts, in order."""

    @abstractmethod
    def rebuild(self, texts: Sequence[str], relevance: ScoreArray | None = None) -> dict[str, Any]:
        """The field of a CompressionResult with these texts in place of those of `slots()`.

        `relevance` (slots,) is the method's score of each text for the query, where it has one.
        """

    def receipt_of_spans(self, slots: Sequence[Slot], spans: Sequence[list[Span]]) -> list[Any]:
        """`spans` of a result: those of some of the slots, in their order."""
        return list(spans)

    def receipt_of_scores(self, slots: Sequence[Slot], scores: Sequence[list[UnitScore]]) -> list[Any]:
        """`scores` of a result: those of some of the slots, in their order."""
        return list(scores)
