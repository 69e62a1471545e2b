"""A text as an encoder's tokens."""

from dataclasses import dataclass

from promptpress.arrays import Int32Array, Int64Array


@dataclass(frozen=True)
class Tokenized:
    """Token ids of one text without special tokens, and where each token starts, in characters of the text."""

    ids: Int32Array
    starts: Int64Array
