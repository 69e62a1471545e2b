"""The interface of a sentence encoder."""

from collections.abc import Sequence
from typing import Protocol

from promptpress.arrays import Float32Array, Int32Array
from promptpress.backends.tokenized import Tokenized


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
