"""Any Hugging Face causal language model with a fast tokenizer, run by torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from safetensors import SafetensorError

from promptpress.arrays import Float32Array
from promptpress.backends.causal_lm.attention_tap import Tap, reading, registered_implementation
from promptpress.backends.causal_lm.batches import batches
from promptpress.backends.causal_lm.plain_text import reads_plain_text, tokens_of
from promptpress.backends.model_source import INSTALL_TORCH, TORCH_PACKAGES, require
from promptpress.backends.windows import overlapping_windows
from promptpress.errors import ModelUnavailable
from promptpress.runtime.cancellation import check
from promptpress.text.tokens import TokenIds, Tokens

if TYPE_CHECKING:
    import torch

WINDOW = 2048
"""Most tokens read together unless the setting says otherwise; attention grows with the square of it."""
_LOGITS_AT_A_TIME, _LEAST_ROWS_AT_A_TIME = 2**21, 256
"""Few enough for a CPU's cache with a small vocabulary, and rows enough for a large one's matrix to be worth reading."""
_TOLERANCE = 1e-2


class HuggingFaceCausalLM:
    """Runs in fp32 on the CPU and in the weights' own type on CUDA.

    Raises ModelUnavailable, naming `setting`, for what cannot be loaded, is not a causal language model, has no fast
    tokenizer, or does not let its attention be read.
    """

    def __init__(
        self,
        model: str,
        threads: int | None = None,
        setting: str = "causal_lm",
        window: int = WINDOW,
        name: str | None = None,
    ) -> None:
        self._setting, self._model_id = setting, model
        require(TORCH_PACKAGES, INSTALL_TORCH, setting)
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        config, loaded = self._load(torch.float32 if device == "cpu" else "auto")
        if not self._tokenizer.is_fast:
            raise self._unavailable("has no fast tokenizer, so no character offsets")
        starts = (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id, self._tokenizer.pad_token_id)
        self._start = next((token for token in starts if token is not None), None)
        if self._start is None:
            raise self._unavailable("has no token to begin a text with (bos, eos or pad)")
        self._encoder = reads_plain_text(self._tokenizer.backend_tokenizer)
        if threads:
            torch.set_num_threads(threads)
        self._model = loaded
        self._model.eval().to(device)
        self._device = device
        text_config = config.get_text_config()
        self.layers = int(text_config.num_hidden_layers)
        self.heads = int(text_config.num_attention_heads)
        self.window = min(window, int(getattr(text_config, "max_position_embeddings", None) or window))
        self.name = name or f"{model}/{self._model.dtype}".replace("torch.", "")
        self._softcap = getattr(text_config, "final_logit_softcapping", None)
        self._try()

    def _load(self, dtype: Any) -> tuple[Any, Any]:
        """The configuration and the model; sets the tokenizer."""
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
        from transformers.models.auto import modeling_auto
        from transformers.utils import logging

        model = self._model_id
        try:
            cast(Any, logging).disable_progress_bar()
            config = AutoConfig.from_pretrained(model, trust_remote_code=False)
            kind = config.model_type
            masked = kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
            if kind not in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or masked:
                raise self._unavailable(f"is a {kind} model, not a causal language model")
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            loaded = AutoModelForCausalLM.from_pretrained(model, trust_remote_code=False, use_safetensors=True, dtype=dtype)
        except ModelUnavailable:
            raise
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise self._unavailable(f"cannot be loaded: {error}") from error
        return config, loaded

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """See CausalLM.tokenize."""
        return tokens_of(self._encoder, texts)

    def losses(self, sequences: Sequence[TokenIds], exits: Sequence[int | None] = (None,)) -> list[Float32Array]:
        """See CausalLM.losses."""
        import torch

        results = [np.zeros((len(exits), len(sequence)), dtype=np.float32) for sequence in sequences]
        parts = [
            (i, w)
            for i, sequence in enumerate(sequences)
            for w in overlapping_windows(len(sequence), self.window - 1)
            if w.end
        ]
        runs = [sequences[i][w.begin : w.end] for i, w in parts]
        for batch in batches([len(run) + 1 for run in runs]):
            check()
            with torch.inference_mode():
                ids = self._padded([runs[i] for i in batch])
                output = self._model.base_model(
                    input_ids=ids, use_cache=False, output_hidden_states=any(each is not None for each in exits)
                )
                used = [slice(w.first - w.begin, w.end - w.begin) for _, w in (parts[i] for i in batch)]
                wanted = torch.cat([ids[place, 1:][each] for place, each in enumerate(used)])
                ends = np.cumsum([each.stop - each.start for each in used])
                for row, layer in enumerate(exits):
                    states = output.last_hidden_state if layer is None else self._norm()(output.hidden_states[layer])
                    read = self._losses_of(torch.cat([states[place, each] for place, each in enumerate(used)]), wanted)
                    for index, losses in zip(batch, np.split(read, ends[:-1]), strict=True):
                        sequence, window = parts[index]
                        results[sequence][row, window.first : window.end] = losses
        return results

    def attention(
        self, sequences: Sequence[TokenIds], layers: Sequence[int], rows: Sequence[int] | None
    ) -> list[Float32Array]:
        """See CausalLM.attention."""
        import torch

        results: list[Float32Array] = [np.empty(0, dtype=np.float32)] * len(sequences)
        for batch in batches([len(sequence) + 1 for sequence in sequences]):
            check()
            lengths = [len(sequences[i]) + 1 for i in batch]
            looking = None if rows is None else [(n - rows[i], n) for i, n in zip(batch, lengths, strict=True)]
            tap = Tap(frozenset(layers), lengths, looking)
            with torch.inference_mode(), reading(tap):
                self._model.base_model(input_ids=self._padded([sequences[i] for i in batch]), use_cache=False)
            for place, index in enumerate(batch):
                read = torch.stack([tap.found[layer][place] for layer in layers])
                results[index] = read[..., 1:].float().cpu().numpy()
        return results

    def _padded(self, sequences: Sequence[TokenIds]) -> torch.Tensor:
        """The start token and each sequence, padded behind, where nothing before it can see the padding."""
        import torch

        longest = max(len(sequence) for sequence in sequences)
        ids = np.full((len(sequences), longest + 1), self._start, dtype=np.int64)
        for row, sequence in enumerate(sequences):
            ids[row, 1 : len(sequence) + 1] = sequence
        return torch.from_numpy(ids).to(self._device)

    def _losses_of(self, states: torch.Tensor, wanted: torch.Tensor) -> Float32Array:
        import torch

        head = self._model.get_output_embeddings()
        step = max(_LEAST_ROWS_AT_A_TIME, _LOGITS_AT_A_TIME // head.weight.shape[0])
        found = []
        for at in range(0, len(states), step):
            check()
            logits = head(states[at : at + step]).float()
            if self._softcap:
                logits = torch.tanh(logits / self._softcap) * self._softcap
            found.append(torch.nn.functional.cross_entropy(logits, wanted[at : at + step], reduction="none"))
        return torch.cat(found).cpu().numpy()

    def _norm(self) -> torch.nn.Module:
        base = self._model.base_model
        names = ("norm", "ln_f", "final_layernorm")
        norm = next((getattr(base, name) for name in names if hasattr(base, name)), None)
        if norm is None:
            raise self._unavailable("has no final norm that we know, so no early exit")
        return norm  # type: ignore[no-any-return]

    def _try(self) -> None:
        """Run a few tokens: our losses must be those of the model's own forward pass, and every layer must be read."""
        import torch

        ids = np.arange(8, dtype=np.int64) % self._model.get_output_embeddings().weight.shape[0]
        with torch.inference_mode():
            logits = self._model(input_ids=self._padded([ids]), use_cache=False).logits[0, :-1].float()
            expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(ids).to(self._device), reduction="none")
        if not np.allclose(self.losses([ids])[0][0], expected.cpu().numpy(), atol=_TOLERANCE):
            raise self._unavailable("computes its output in a way that we do not know")
        self._model.set_attn_implementation(registered_implementation())
        try:
            (read,) = self.attention([ids], range(self.layers), [1])
        except KeyError:
            raise self._unavailable("does not let its attention be read") from None
        if read.shape != (self.layers, self.heads, len(ids)):
            raise self._unavailable("has layers of different kinds")

    def _unavailable(self, why: str) -> ModelUnavailable:
        return ModelUnavailable(f"{self._model_id!r} {why}", self._setting)
