"""Reads attention out of a running transformers model, and stops it where nothing more is needed.

transformers lets a model run with an attention function of one's own, called in each layer with queries and keys as they
are after position embedding and normalisation. Ours runs `sdpa`, which never builds the whole matrix, and works out only the
rows that were asked for. It is the same for every model family that goes through that interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_IMPLEMENTATION = "promptpress_tap"
_ROWS_AT_A_TIME = 256


class Finished(Exception):
    """The highest layer that was asked for has been read; the ones above it are not needed."""


@dataclass
class Tap:
    """What to read while a batch runs, and what was read.

    `layers`: layers to read, from 0. `lengths`: tokens of each sequence without padding. `rows`: for each sequence the
    query tokens `[start, end)` whose attention is averaged; None: for each token the mean over all tokens after it.
    `found[layer][sequence]` is (heads, tokens), float32.
    """

    layers: frozenset[int]
    lengths: Sequence[int]
    rows: Sequence[tuple[int, int]] | None
    found: dict[int, list[torch.Tensor]] = field(default_factory=dict)


_active: ContextVar[Tap | None] = ContextVar("tap", default=None)


@contextmanager
def reading(tap: Tap) -> Iterator[None]:
    """Models that run inside, in this thread, fill the tap, and end with the highest of its layers."""
    token = _active.set(tap)
    try:
        yield
    except Finished:
        pass
    finally:
        _active.reset(token)


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    tap = _active.get()
    layer = getattr(module, "layer_idx", None)
    rule = _AttentionRule.of(module, query, options)
    if tap is not None and layer in tap.layers:
        tap.found[layer] = [
            rule.received(query[i, :, :length], key[i, :, :length])
            if tap.rows is None
            else rule.weights(query[i, :, slice(*tap.rows[i])], key[i, :, :length], tap.rows[i][0]).mean(dim=1)
            for i, length in enumerate(tap.lengths)
        ]
        if layer == max(tap.layers):
            raise Finished
    if rule.softcap is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    # sdpa knows no soft cap.
    mixed = [
        rule.weights(q, k, 0).to(v.dtype) @ _for_each_head(v, len(q)) for q, k, v in zip(query, key, value, strict=True)
    ]
    return torch.stack(mixed).transpose(1, 2).contiguous(), None


@lru_cache(maxsize=1)
def registered_implementation() -> str:
    """The name under which transformers knows the attention function of this module, registered at the first call."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(_IMPLEMENTATION, _attend)
    AttentionMaskInterface.register(_IMPLEMENTATION, sdpa_mask)
    return _IMPLEMENTATION


@dataclass(frozen=True)
class _AttentionRule:
    """How a layer computes the weights of its keys for a query."""

    scaling: float
    causal: bool
    sliding_window: int | None
    softcap: float | None

    @classmethod
    def of(cls, module: torch.nn.Module, query: torch.Tensor, options: dict[str, Any]) -> _AttentionRule:
        scaling = options.get("scaling")
        causal = options.get("is_causal")
        return cls(
            query.shape[-1] ** -0.5 if scaling is None else scaling,
            bool(getattr(module, "is_causal", True) if causal is None else causal),
            options.get("sliding_window"),
            options.get("softcap"),
        )

    def weights(self, query: torch.Tensor, key: torch.Tensor, first_row: int) -> torch.Tensor:
        """softmax(q k^T) of the rows from `first_row` on: (heads, rows, d), (key heads, tokens, d) to (heads, rows, tokens).

        Fewer key heads than query heads serve equal groups of them in order. In float32.
        """
        import torch

        keys = _for_each_head(key.float(), len(query))
        scores = query.float() @ keys.transpose(1, 2) * self.scaling
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        if self.causal:
            rows = torch.arange(first_row, first_row + query.shape[1], device=query.device)[:, None]
            columns = torch.arange(key.shape[1], device=query.device)[None]
            hidden = columns > rows
            if self.sliding_window is not None:
                hidden |= rows - columns >= self.sliding_window
            scores = scores.masked_fill(hidden, float("-inf"))
        return scores.softmax(dim=-1)

    def received(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """(heads, tokens): the mean weight that each token gets from the tokens after it; 0 for the last."""
        import torch

        heads, tokens, _ = query.shape
        total = torch.zeros(heads, tokens, device=query.device)
        for first in range(0, tokens, _ROWS_AT_A_TIME):
            weights = self.weights(query[:, first : first + _ROWS_AT_A_TIME], key, first)
            total += weights.tril(diagonal=first - 1).sum(dim=1)
        readers = torch.arange(tokens - 1, -1, -1, device=query.device)
        if self.sliding_window is not None:
            readers = readers.clamp(max=self.sliding_window - 1)
        return total / readers.clamp(min=1)


def _for_each_head(keys: torch.Tensor, heads: int) -> torch.Tensor:
    return keys.repeat_interleave(heads // len(keys), dim=0)
