"""Any Hugging Face encoder with a fast tokenizer, run by torch.

Used when the setting `encoder` names a folder or a Hugging Face id.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptpress.arrays import Float32Array
from promptpress.backends.model_source import INSTALL_TORCH, TORCH_PACKAGES, require
from promptpress.backends.tokenized import Tokenized
from promptpress.errors import ModelUnavailable
from promptpress.runtime.cancellation import check

_SETTING = "encoder"


class HuggingFaceEncoder:
    """Runs in fp32 on the CPU and in the weights' own type on CUDA. Sequences are run one at a time: exact before fast."""

    def __init__(self, model: str, threads: int | None = None) -> None:
        require(TORCH_PACKAGES, INSTALL_TORCH, _SETTING)
        import torch
        from transformers import AutoConfig, AutoModel, AutoTokenizer
        from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

        try:
            config = AutoConfig.from_pretrained(model, trust_remote_code=False)
            if config.model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
                raise ModelUnavailable(f"{model!r} is a {config.model_type} model, not an encoder", _SETTING)
            self._tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            device = "cuda" if torch.cuda.is_available() else "cpu"
            self._model = AutoModel.from_pretrained(
                model, trust_remote_code=False, use_safetensors=True, dtype=torch.float32 if device == "cpu" else "auto"
            )
        except (OSError, ValueError) as error:
            raise ModelUnavailable(f"cannot load {model!r}: {error}", _SETTING) from error
        if not self._tokenizer.is_fast:
            raise ModelUnavailable(f"{model!r} has no fast tokenizer, so no character offsets", _SETTING)
        if threads:
            torch.set_num_threads(threads)
        self._model.eval().to(device)
        self._device = device
        self.name = f"{model}/{self._model.dtype}".replace("torch.", "")
        positions = getattr(self._model.config, "max_position_embeddings", None) or 512
        self.window = min(positions, 512)
        self.dimension = int(self._model.config.hidden_size)
        content = self._tokenizer("a", add_special_tokens=False)["input_ids"]
        framed = self._tokenizer("a")["input_ids"]
        at = next(i for i in range(len(framed)) if framed[i : i + len(content)] == content)
        self._before, self._after = framed[:at], framed[at + len(content) :]

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """See Encoder.tokenize."""
        if not texts:
            return []
        encoded = self._tokenizer(
            list(texts), add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return [
            Tokenized(np.asarray(ids, dtype=np.int32), np.asarray([start for start, _ in offsets], dtype=np.int64))
            for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        ]

    def states(self, sequences: Sequence[NDArray[np.int32]]) -> list[Float32Array]:
        """See Encoder.states."""
        import torch

        results: list[Float32Array] = []
        for sequence in sequences:
            check()
            ids = [*self._before, *sequence.tolist(), *self._after]
            with torch.inference_mode():
                states = self._model(input_ids=torch.tensor([ids], device=self._device)).last_hidden_state[0]
            results.append(states[len(self._before) : len(self._before) + len(sequence)].float().cpu().numpy())
        return results
