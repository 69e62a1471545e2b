"""A local Hugging Face model that writes: a summariser (seq2seq) or a causal chat model, run by torch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from promptpress.backends.model_source import INSTALL_TORCH, TORCH_PACKAGES, require
from promptpress.backends.rewriter import prompt
from promptpress.backends.rewriter.base import Draft, LLMUsage, RewriteFailed, RewriteJob
from promptpress.content import Replacement
from promptpress.errors import ModelUnavailable
from promptpress.runtime.cancellation import check

if TYPE_CHECKING:
    import torch

_BEAMS = 2
_SETTING = "rewriter_model"


class HuggingFaceRewriter:
    """One chunk at a time, without sampling. A seq2seq model gets the chunk itself, a causal one the chat prompt."""

    generates = True
    workers = 1

    def __init__(self, model: str, threads: int | None = None) -> None:
        require(TORCH_PACKAGES, INSTALL_TORCH, _SETTING)
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        try:
            config = AutoConfig.from_pretrained(model, trust_remote_code=False)
            self._seq2seq = bool(config.is_encoder_decoder)
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            device = "cuda" if torch.cuda.is_available() else "cpu"
            kind = AutoModelForSeq2SeqLM if self._seq2seq else AutoModelForCausalLM
            self._model: Any = kind.from_pretrained(
                model, trust_remote_code=False, use_safetensors=True, dtype=torch.float32 if device == "cpu" else "auto"
            )
        except (OSError, ValueError) as error:
            raise ModelUnavailable(f"cannot load {model!r}: {error}", _SETTING) from error
        if not self._seq2seq and not self._tokenizer.chat_template:
            raise ModelUnavailable(f"{model!r} has no chat template; choose an instruct model", _SETTING)
        if threads:
            torch.set_num_threads(threads)
        self._model.eval().to(device)
        self._device = device
        self._lock = threading.Lock()
        self._window = int(getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 1024)
        self.name = f"{model}/{self._model.dtype}/{prompt.VERSION}".replace("torch.", "")

    def rewrite(self, job: RewriteJob) -> Draft:
        """See Rewriter.rewrite. A chunk that does not fit the model's window is refused."""
        import torch
        from transformers import StoppingCriteriaList

        ids = self._inputs(job)
        room = prompt.most_new_tokens(job)
        if len(ids) + (0 if self._seq2seq else room) > self._window:
            raise RewriteFailed("too_long_for_the_model")
        options: dict[str, Any] = {"num_beams": _BEAMS} if self._seq2seq else {}
        if self._tokenizer.pad_token_id is None:
            options["pad_token_id"] = self._tokenizer.eos_token_id
        with self._lock, torch.inference_mode():
            inputs = torch.tensor([ids], device=self._device)
            written = self._model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                max_new_tokens=room,
                do_sample=False,
                stopping_criteria=StoppingCriteriaList([_stop_if_cancelled]),
                **options,
            )[0].tolist()
        if not self._seq2seq:
            written = written[len(ids) :]
        usage = LLMUsage(1, len(ids), len(written))
        if len(written) >= room and self._tokenizer.eos_token_id not in written[-2:]:
            raise RewriteFailed("cut_off", usage=usage)
        text = self._tokenizer.decode(written, skip_special_tokens=True).strip()
        if not text:
            raise RewriteFailed("empty", usage=usage)
        return Draft(text, [Replacement(0, len(job.text), text)], usage)

    def close(self) -> None:
        """Nothing to close."""

    def _inputs(self, job: RewriteJob) -> list[int]:
        if self._seq2seq:
            ids: list[int] = self._tokenizer(job.text)["input_ids"]
            return ids
        chat = self._tokenizer.apply_chat_template(prompt.messages(job), add_generation_prompt=True, tokenize=False)
        # The template has written the special tokens it wants.
        return list(self._tokenizer(chat, add_special_tokens=False)["input_ids"])


def _stop_if_cancelled(input_ids: torch.Tensor, _scores: torch.Tensor, **_options: Any) -> torch.Tensor:
    """A stopping criterion that stops no sequence, but raises Cancelled between tokens if the request was cancelled."""
    import torch

    check()
    return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)
