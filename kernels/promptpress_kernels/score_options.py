"""What a caller may ask of attention scores, checked."""

from dataclasses import dataclass
from typing import Literal

import torch

RowReduction = Literal["sum", "max"]
HeadReduction = Literal["mean", "sum", "max", "none"]


@dataclass(frozen=True)
class ScoreOptions:
    """The checked options of `window_scores`."""

    scale: float
    first: int
    """Position of the first row; row i sees keys up to and including position first + i."""
    causal: bool
    low: int
    high: int
    """Every row sees keys of [low, high) only."""
    ranges: torch.Tensor | None
    """(rows, 2) int32: row i sees keys of [ranges[i, 0], ranges[i, 1]) only."""
    weights: torch.Tensor | None
    """(rows,) float32."""
    rows: RowReduction
    heads: HeadReduction
    log_sums: torch.Tensor | None
    """(batch, query heads, rows): the natural log-sum-exp of each row's logits, where it is already known."""


def checked_options(
    queries: torch.Tensor,
    keys: torch.Tensor,
    *,
    scale: float | None,
    causal: bool,
    first_position: int | None,
    key_range: tuple[int, int] | torch.Tensor | None,
    row_weights: torch.Tensor | None,
    reduce_rows: RowReduction,
    reduce_heads: HeadReduction,
    log_sums: torch.Tensor | None,
) -> ScoreOptions:
    """The arguments of `window_scores`, with their defaults filled in. Raises ValueError for what does not fit."""
    _check_shapes(queries, keys)
    rows, length = queries.shape[2], keys.shape[2]
    if reduce_rows not in {"sum", "max"} or reduce_heads not in {"mean", "sum", "max", "none"}:
        raise ValueError(f"unknown reduction {reduce_rows!r} or {reduce_heads!r}")
    scale = queries.shape[-1] ** -0.5 if scale is None else scale
    if not scale > 0:
        raise ValueError(f"scale must be positive, not {scale}")
    low, high, ranges = 0, length, None
    if isinstance(key_range, torch.Tensor):
        if key_range.shape != (rows, 2):
            raise ValueError(f"key_range must be a pair or of shape ({rows}, 2), not {tuple(key_range.shape)}")
        ranges = key_range.to(device=keys.device, dtype=torch.int32).contiguous()
    elif key_range is not None:
        low, high = max(0, key_range[0]), min(length, key_range[1])
    if row_weights is not None:
        if row_weights.shape != (rows,):
            raise ValueError(f"row_weights must be of shape ({rows},), not {tuple(row_weights.shape)}")
        row_weights = row_weights.to(device=keys.device, dtype=torch.float32).contiguous()
    if log_sums is not None and log_sums.shape != queries.shape[:3]:
        raise ValueError(f"log_sums must be of shape {tuple(queries.shape[:3])}, not {tuple(log_sums.shape)}")
    first = length - rows if first_position is None else first_position
    return ScoreOptions(scale, first, causal, low, high, ranges, row_weights, reduce_rows, reduce_heads, log_sums)


def _check_shapes(queries: torch.Tensor, keys: torch.Tensor) -> None:
    shapes = f"{tuple(queries.shape)} and {tuple(keys.shape)}"
    if queries.ndim != 4 or keys.ndim != 4:
        raise ValueError(f"queries and keys must have four dimensions, not the shapes {shapes}")
    if queries.shape[0] != keys.shape[0] or queries.shape[3] != keys.shape[3]:
        raise ValueError(f"queries and keys differ in batch or head size: {shapes}")
    if queries.shape[1] % keys.shape[1]:
        raise ValueError(f"query heads must be a multiple of key heads: {shapes}")
    if 0 in queries.shape or 0 in keys.shape:
        raise ValueError(f"nothing to score: {shapes}")
    if queries.dtype != keys.dtype or queries.device != keys.device:
        raise ValueError(f"queries are {queries.dtype} on {queries.device}, keys {keys.dtype} on {keys.device}")
