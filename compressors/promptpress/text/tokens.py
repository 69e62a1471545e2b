"""Token ids of a text, aligned with its characters."""

from dataclasses import dataclass

from promptpress.arrays import Int64Array

TokenIds = Int64Array
"""Ids of a model's vocabulary, shape (tokens,)."""


@dataclass(frozen=True)
class Tokens:
    """Token ids of one text without special tokens, and the characters `[start, end)` of the text that each stands for.

    Three arrays (tokens,). Tokens that are parts of one character all have its span.
    """

    ids: TokenIds
    starts: Int64Array
    ends: Int64Array
