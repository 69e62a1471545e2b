"""Which texts of a request came back shorter."""

from collections.abc import Iterator

from promptpress.chat import text_slots
from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult


def shortened_pairs(request: CompressionRequest, result: CompressionResult) -> Iterator[tuple[int, str]]:
    """The place (of the text among `texts` or `documents`, or of the message) and the original of each text that changed."""
    changed: Iterator[tuple[int, str, str]]
    if request.messages is not None:
        before, after = text_slots(request.messages), text_slots(result.messages or [])
        changed = ((old.message, old.text, new.text) for old, new in zip(before, after, strict=True))
    elif request.documents is not None:
        documents = result.documents or []
        changed = ((i, old.text, new.text) for i, (old, new) in enumerate(zip(request.documents, documents, strict=True)))
    elif request.texts is not None:
        changed = ((i, old, new) for i, (old, new) in enumerate(zip(request.texts, result.texts or [], strict=True)))
    else:
        changed = iter([(0, request.text or "", result.text or "")])
    return ((place, old) for place, old, new in changed if old != new)
