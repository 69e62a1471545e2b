"""The interface of a sentence encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from promptpress.arrays import Float32Array, Int32Array, Int64Array


@dataclass(frozen=True)
class Tokenized:
    """Token ids of one text without special tokens, and where each token starts, in characters of the text."""

    ids: Int32Array
    starts: Int64Array


class Encoder(Protocol):
    """A bidirectional encoder that gives a state to each token."""

    @property
    def name(self) -> str:
        """Identifies weights and arithmetic; part of every cache key."""

    @property
    def window(self) -> int:
        """Most tokens of one run, special tokens included."""

    @property
    def dimension(self) -> int:
        """Length of a token's state."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Token ids and offsets of each text."""

    def states(self, sequences: Sequence[Int32Array]) -> list[Float32Array]:
        """Last-layer states (tokens, dimension) of each sequence of content tokens; special tokens are added and their
        states left out. A sequence's states do not depend on the others.
        """
