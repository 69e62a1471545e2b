"""The interface of a model with evaluator heads."""

from collections.abc import Sequence
from typing import Protocol

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.text.tokens import TokenIds, Tokens


class Evaluator(Protocol):
    """A model with evaluator heads."""

    @property
    def name(self) -> str:
        """Identifies weights and arithmetic; part of every cache key."""

    @property
    def profile(self) -> HeadProfile | None:
        """Its evaluator heads, if they are known."""

    @property
    def layers(self) -> int:
        """Number of layers."""

    @property
    def heads(self) -> int:
        """Query heads of each layer."""

    @property
    def sink_tokens(self) -> int:
        """How many tokens at the start of a window are attention sinks."""

    @property
    def packs_passages(self) -> bool:
        """Whether several passages share a window if they fit, or each is read alone."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens of each text."""

    def question(self, query: str) -> TokenIds:
        """The tokens that ask the query, cut so that a text fits beside them."""

    def context_budget(self, question: TokenIds) -> int:
        """Most tokens of a text that fit in a window with the question."""

    def attention_to_context(
        self, contexts: Sequence[TokenIds], question: TokenIds, profile: HeadProfile
    ) -> list[Float32Array]:
        """For each context (tokens,): attention from the question, summed over heads, averaged over its tokens."""
