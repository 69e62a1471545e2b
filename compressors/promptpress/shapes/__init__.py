"""The four shapes of input and output: text, texts, documents, messages."""

from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult
from promptpress.shapes.base import Shape, Slot
from promptpress.shapes.documents import DocumentsShape
from promptpress.shapes.messages import MessagesShape
from promptpress.shapes.plain import TextShape, TextsShape

__all__ = ["DocumentsShape", "MessagesShape", "Shape", "Slot", "TextShape", "TextsShape", "shape_of"]


def shape_of(value: CompressionRequest | CompressionResult) -> Shape:
    """The adapter for what a request sends or a result brings back."""
    if value.messages is not None:
        return MessagesShape(value.messages)
    if value.documents is not None:
        return DocumentsShape(value.documents)
    if value.texts is not None:
        return TextsShape(value.texts)
    return TextShape(value.text or "")
