"""What a method takes beside a bare run of the same model's layers over the same tokens."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from promptpress import CompressionRequest, Compressor
from promptpress.backends.attention_heads.probes import make_probes
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.causal_lm.embedded import FOLDER

TOKENS = 4000
_ROUNDS = 7


@dataclass(frozen=True)
class Ratio:
    """Seconds of each round, the method and the bare run by turns, so that what else the machine does meets both."""

    name: str
    method: list[float]
    bare: list[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(ours / bare for ours, bare in zip(self.method, self.bare, strict=True))


def measure(compressor: Compressor, lm: CausalLM, method: str, options: dict[str, Any], layers: int) -> Ratio:
    """`layers` of the embedded model bare, with its head if they are all, against a whole request to `method`.

    Both read TOKENS tokens, the bare run in as few windows as it needs. A request besides finds sentences, counts tokens and
    puts the text together again, which is part of its time here.
    """
    text, question = _text_of(lm)
    ids = lm.tokenize([text])[0].ids
    model: Any = AutoModelForCausalLM.from_pretrained(FOLDER, num_hidden_layers=layers, dtype=torch.float32)
    model.train(False)
    whole = layers == lm.layers
    room = lm.window - 1
    windows = [torch.from_numpy(ids[at : at + room]) for at in range(0, len(ids), room)]

    def bare() -> None:
        with torch.inference_mode():
            for window in windows:
                states = model.model(input_ids=window[None], use_cache=False).last_hidden_state
                if whole:
                    torch.nn.functional.cross_entropy(model.lm_head(states)[0, :-1], window[1:], reduction="none")

    request = CompressionRequest(text=text, query=question, target_ratio=0.5, method=method, options=options)
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS + 1):
        for found, run in zip(seconds, (lambda: compressor.compress(request), bare), strict=True):
            found.append(_seconds(run))
    name = ", ".join([method, *(f"{option} {value}" for option, value in options.items())])
    return Ratio(name, seconds[0][1:], seconds[1][1:])


def _text_of(lm: CausalLM) -> tuple[str, str]:
    (probe,) = make_probes(1, 6 * TOKENS, 3)
    end = int(lm.tokenize([probe.text])[0].ends[TOKENS - 1])
    return probe.text[:end], probe.question


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
