"""An evaluator head of the embedded encoder: attention from the question to the text beside it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.backends.causal_lm.attention_tap import Tap, reading, registered_implementation
from promptpress.backends.causal_lm.plain_text import reads_plain_text, tokens_of
from promptpress.backends.encoder.embedded import CLS, SEP, SHAPE, model_folder
from promptpress.backends.model_source import INSTALL_TORCH, TORCH_PACKAGES, require
from promptpress.runtime.cancellation import check
from promptpress.text.tokens import TokenIds, Tokens

_WINDOW = 256
"""As many tokens as the model was trained with."""
_QUESTION = 64
_BATCH = 16


class EncoderEvaluator:
    """all-MiniLM-L6-v2 run by torch in fp32 up to the layer of its head. See Evaluator."""

    name = "all-MiniLM-L6-v2/attention/fp32"
    profile = HeadProfile(2, (9,), window=_QUESTION, kernel=1)
    layers, heads = SHAPE.layers, SHAPE.heads
    sink_tokens = 0
    packs_passages = False

    def __init__(self) -> None:
        require(TORCH_PACKAGES, INSTALL_TORCH)
        from safetensors.torch import load_file
        from transformers import BertConfig, BertModel

        folder = model_folder()
        self._tokenizer = reads_plain_text(Tokenizer.from_file(str(folder / "tokenizer.json")))
        self._model: Any = BertModel(BertConfig.from_json_file(str(folder / "config.json")), add_pooling_layer=False)
        self._model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        self._model.train(False)
        self._model.set_attn_implementation(registered_implementation())

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """See Evaluator.tokenize."""
        return tokens_of(self._tokenizer, texts)

    def question(self, query: str) -> TokenIds:
        """See Evaluator.question."""
        return self.tokenize([query])[0].ids[:_QUESTION]

    def context_budget(self, question: TokenIds) -> int:
        """See Evaluator.context_budget."""
        return _WINDOW - 3 - len(question)

    def attention_to_context(
        self, contexts: Sequence[TokenIds], question: TokenIds, profile: HeadProfile
    ) -> list[Float32Array]:
        """See Evaluator.attention_to_context. All tokens of the question attend; the profile's `window` is ignored."""
        import torch

        results: list[Float32Array] = [np.empty(0, dtype=np.float32)] * len(contexts)
        front = len(question) + 2
        # Only contexts of equal length run together, so that there is no padding.
        order = sorted(range(len(contexts)), key=lambda i: len(contexts[i]))
        for length, group in groupby(order, key=lambda i: len(contexts[i])):
            indices = list(group)
            for at in range(0, len(indices), _BATCH):
                check()
                batch = indices[at : at + _BATCH]
                rows = np.stack([np.concatenate([[CLS], question, [SEP], contexts[i], [SEP]]) for i in batch])
                ids = torch.from_numpy(rows.astype(np.int64))
                segments = torch.zeros_like(ids)
                segments[:, front:] = 1
                tap = Tap(frozenset({profile.layer}), [ids.shape[1]] * len(batch), [(1, front - 1)] * len(batch))
                with torch.inference_mode(), reading(tap):
                    self._model(input_ids=ids, token_type_ids=segments)
                for index, read in zip(batch, tap.found[profile.layer], strict=True):
                    results[index] = read[list(profile.heads), front : front + length].sum(dim=0).numpy()
        return results
