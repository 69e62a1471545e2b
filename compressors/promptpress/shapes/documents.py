"""Retrieved documents with titles and metadata."""

from collections.abc import Sequence
from typing import Any

from promptpress.request import Document
from promptpress.result import CompressedDocument
from promptpress.scores import ScoreArray
from promptpress.shapes.base import Shape, Slot


class DocumentsShape(Shape):
    """`documents`: only the text of each is shortened; one that is dropped keeps its place with an empty text."""

    def __init__(self, documents: Sequence[Document | CompressedDocument]) -> None:
        self._documents = documents

    def slots(self) -> list[Slot]:
        """A slot for each document, with its title."""
        return [Slot(index, each.text, each.title or "") for index, each in enumerate(self._documents)]

    def rebuild(self, texts: Sequence[str], relevance: ScoreArray | None = None) -> dict[str, Any]:
        """`documents`, with the relevance of each."""
        return {
            "documents": [
                CompressedDocument(
                    **document.model_dump(include={"id", "title", "metadata"}),
                    text=text,
                    dropped=bool(document.text) and not text,
                    relevance=None if relevance is None else round(float(relevance[index]), 5),
                )
                for index, (document, text) in enumerate(zip(self._documents, texts, strict=True))
            ]
        }
