"""One text, and a list of texts."""

from collections.abc import Sequence
from typing import Any

from promptpress.result import UnitScore
from promptpress.scores import ScoreArray
from promptpress.shapes.base import Shape, Slot
from promptpress.text.spans import Span


class TextShape(Shape):
    """`text`: one string. Its receipts are not lists of lists."""

    def __init__(self, text: str) -> None:
        self._text = text

    def slots(self) -> list[Slot]:
        """The text."""
        return [Slot(0, self._text)]

    def rebuild(self, texts: Sequence[str], relevance: ScoreArray | None = None) -> dict[str, Any]:
        """`text`."""
        return {"text": texts[0]}

    def receipt_of_spans(self, slots: Sequence[Slot], spans: Sequence[list[Span]]) -> list[Any]:
        """The spans of the text."""
        return spans[0]

    def receipt_of_scores(self, slots: Sequence[Slot], scores: Sequence[list[UnitScore]]) -> list[Any]:
        """The scores of the text."""
        return scores[0]


class TextsShape(Shape):
    """`texts`: strings that share one target."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def slots(self) -> list[Slot]:
        """A slot for each text."""
        return [Slot(index, text) for index, text in enumerate(self._texts)]

    def rebuild(self, texts: Sequence[str], relevance: ScoreArray | None = None) -> dict[str, Any]:
        """`texts`."""
        return {"texts": list(texts)}
