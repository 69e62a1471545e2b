"""The interface of a causal language model."""

from collections.abc import Sequence
from typing import Protocol

from promptpress.arrays import Float32Array
from promptpress.text.tokens import TokenIds, Tokens


class CausalLM(Protocol):
    """A decoder-only language model. The results of a sequence do not depend on the others of a call."""

    @property
    def name(self) -> str:
        """Identifies weights and arithmetic; part of every cache key."""

    @property
    def window(self) -> int:
        """Most tokens of one run, the start token included."""

    @property
    def layers(self) -> int:
        """Number of layers."""

    @property
    def heads(self) -> int:
        """Query heads of each layer."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens of each text. Special tokens that are written in a text are read as text."""

    def losses(self, sequences: Sequence[TokenIds], exits: Sequence[int | None] = (None,)) -> list[Float32Array]:
        """-ln p(token | start, tokens before it), for each sequence (exits, tokens), in nats.

        Sequences may be of any length: those beyond the window are read in windows that share tokens with the one before.
        An exit is a number of layers after which the model's own head is applied; None: after all.
        """

    def attention(
        self, sequences: Sequence[TokenIds], layers: Sequence[int], rows: Sequence[int] | None
    ) -> list[Float32Array]:
        """Attention that tokens get, for each sequence (layers, heads, tokens), layers counted from 0.

        `rows`: for each sequence how many of its last tokens attend; their mean is taken. None: for each token the mean over
        all tokens after it. Layers beyond the highest one asked for are not run. A sequence must fit the window; the start
        token comes before it, takes its share, and has no column.
        """
