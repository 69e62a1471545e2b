"""Evaluator heads of a causal language model: the text comes first, then the question that attends to it."""

from collections.abc import Sequence

import numpy as np

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.profile import SETTING, HeadProfile, out_of_range
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.errors import ModelUnavailable
from promptpress.text.tokens import TokenIds, Tokens

_ASK = "\n\nQuestion: {}\nAnswer:"


class CausalEvaluator:
    """Raises ModelUnavailable if the profile does not fit the model. See Evaluator."""

    sink_tokens = 3
    """The paper's four, of which the first is the start token."""
    packs_passages = True

    def __init__(self, model: CausalLM, profile: HeadProfile | None) -> None:
        if profile and (wrong := out_of_range(profile, model.layers, model.heads)):
            raise ModelUnavailable(wrong, SETTING)
        self._model = model
        self.profile = profile
        self.name, self.layers, self.heads = model.name, model.layers, model.heads

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """See Evaluator.tokenize."""
        return self._model.tokenize(texts)

    def question(self, query: str) -> TokenIds:
        """See Evaluator.question."""
        return self._model.tokenize([_ASK.format(query)])[0].ids[-(self._model.window // 2) :]

    def context_budget(self, question: TokenIds) -> int:
        """See Evaluator.context_budget."""
        return self._model.window - 1 - len(question)

    def attention_to_context(
        self, contexts: Sequence[TokenIds], question: TokenIds, profile: HeadProfile
    ) -> list[Float32Array]:
        """See Evaluator.attention_to_context."""
        sequences = [np.concatenate([context, question]) for context in contexts]
        rows = [min(profile.window, len(sequence)) for sequence in sequences]
        found = self._model.attention(sequences, [profile.layer], rows)
        heads = list(profile.heads)
        return [read[0, heads, : len(context)].sum(axis=0) for read, context in zip(found, contexts, strict=True)]
