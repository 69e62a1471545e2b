"""Which texts of a request came back shorter."""

from collections.abc import Iterator

from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult
from promptpress.shapes import shape_of


def shortened_pairs(request: CompressionRequest, result: CompressionResult) -> Iterator[tuple[int, str]]:
    """The place (of the text among `texts` or `documents`, or of the message) and the original of each text that changed."""
    before, after = shape_of(request).slots(), shape_of(result).slots()
    return ((old.item, old.text) for old, new in zip(before, after, strict=True) if old.text != new.text)
