"""How much attention each cached key receives: the scores of SnapKV, H2O, KVzip, PyramidInfer and their relatives.

With logits x_ij = scale * q_i . k_j over the keys that row i sees, p_ij = softmax_j(x_ij). The score of key j in one query
head is

    sum_i w_i p_ij      or      max_i w_i p_ij

over the rows i of a window of queries, and the heads that share a key/value head are reduced by mean, sum or max. The matrix
of logits is never stored whole: its size would be heads * rows * keys.
"""

import torch

from promptpress_kernels.backend import Backend, use_triton
from promptpress_kernels.score_options import HeadReduction, RowReduction, ScoreOptions, checked_options

# Logits that the torch function holds at a time.
BLOCK_LOGITS = 1 << 25


@torch.no_grad()
def window_scores(
    queries: torch.Tensor,
    keys: torch.Tensor,
    *,
    scale: float | None = None,
    causal: bool = True,
    first_position: int | None = None,
    key_range: tuple[int, int] | torch.Tensor | None = None,
    row_weights: torch.Tensor | None = None,
    reduce_rows: RowReduction = "sum",
    reduce_heads: HeadReduction = "mean",
    log_sums: torch.Tensor | None = None,
    backend: Backend = "auto",
) -> torch.Tensor:
    """The attention that each key receives from a window of queries.

    `queries` is (batch, query heads, rows, head size), `keys` (batch, key heads, keys, head size), both rotated; query heads
    are a multiple of key heads and head h reads key head h // group. The result is float32, (batch, key heads, keys), or
    (batch, query heads, keys) with `reduce_heads="none"`.

    `scale` is 1/sqrt(head size) by default. With `causal`, row i stands at `first_position + i` (by default the rows are the
    last ones: keys - rows) and sees no later key. `key_range` is the half-open range of keys that take part in the softmax:
    one pair, or a (rows, 2) tensor. A row that sees nothing adds nothing. `row_weights` is (rows,) and not negative.
    `log_sums` is (batch, query heads, rows), the natural log-sum-exp of the logits, as a flash attention over the same keys
    returns it: it saves the first pass.
    """
    options = checked_options(
        queries,
        keys,
        scale=scale,
        causal=causal,
        first_position=first_position,
        key_range=key_range,
        row_weights=row_weights,
        reduce_rows=reduce_rows,
        reduce_heads=reduce_heads,
        log_sums=log_sums,
    )
    if use_triton(backend, keys):
        from promptpress_kernels.attention_triton import window_scores_triton

        return window_scores_triton(queries, keys, options)
    return window_scores_torch(queries, keys, options)


def column_scores(
    queries: torch.Tensor,
    keys: torch.Tensor,
    *,
    scale: float | None = None,
    row_weights: torch.Tensor | None = None,
    reduce_rows: RowReduction = "sum",
    reduce_heads: HeadReduction = "mean",
    log_sums: torch.Tensor | None = None,
    backend: Backend = "auto",
) -> torch.Tensor:
    """The attention that each key receives from every query of a causal prompt (H2O): `window_scores` with as many rows as
    keys.
    """
    if queries.shape[-2] != keys.shape[-2]:
        raise ValueError(f"column scores need one query for each key, not {queries.shape[-2]} for {keys.shape[-2]}")
    return window_scores(
        queries,
        keys,
        scale=scale,
        row_weights=row_weights,
        reduce_rows=reduce_rows,
        reduce_heads=reduce_heads,
        log_sums=log_sums,
        backend=backend,
    )


def window_scores_torch(queries: torch.Tensor, keys: torch.Tensor, options: ScoreOptions) -> torch.Tensor:
    """The definition: some rows at a time against all keys, in float32 (float64 for float64 inputs)."""
    batch, query_heads, rows, size = queries.shape
    key_heads, length = keys.shape[1:3]
    group = query_heads // key_heads
    dtype = torch.float64 if keys.dtype == torch.float64 else torch.float32
    transposed = keys.to(dtype).unsqueeze(2).transpose(-1, -2)
    scores = torch.zeros(batch, key_heads, group, length, dtype=dtype, device=keys.device)
    step = max(1, BLOCK_LOGITS // (batch * query_heads * length))
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        block = queries[:, :, start:stop].to(dtype).reshape(batch, key_heads, group, stop - start, size)
        logits = (block @ transposed) * options.scale
        visible = visible_keys(options, start, stop, length, keys.device)
        logits.masked_fill_(~visible, float("-inf"))
        shares = _softmax(logits, options, start, stop)
        if options.weights is not None:
            shares *= options.weights[start:stop].to(dtype)[:, None]
        if options.rows == "sum":
            scores += shares.sum(-2)
        else:
            scores = torch.maximum(scores, shares.amax(-2))
    return _reduce_heads(scores, options.heads).float()


def visible_keys(options: ScoreOptions, start: int, stop: int, length: int, device: torch.device) -> torch.Tensor:
    """(stop - start, length) booleans: which key takes part in the softmax of which row."""
    positions = torch.arange(length, device=device)
    visible = ((positions >= options.low) & (positions < options.high)).repeat(stop - start, 1)
    if options.causal:
        visible &= positions <= options.first + torch.arange(start, stop, device=device)[:, None]
    if options.ranges is not None:
        ranges = options.ranges[start:stop]
        visible &= (positions >= ranges[:, :1]) & (positions < ranges[:, 1:])
    return visible


def _softmax(logits: torch.Tensor, options: ScoreOptions, start: int, stop: int) -> torch.Tensor:
    if options.log_sums is None:
        return logits.softmax(-1).nan_to_num_(0.0)
    sums = options.log_sums[:, :, start:stop].to(logits.dtype).reshape(*logits.shape[:-1], 1)
    return (logits - sums).exp_().nan_to_num_(0.0)


def _reduce_heads(scores: torch.Tensor, heads: HeadReduction) -> torch.Tensor:
    if heads == "none":
        return scores.flatten(1, 2)
    if heads == "max":
        return scores.amax(2)
    return scores.sum(2) if heads == "sum" else scores.mean(2)
