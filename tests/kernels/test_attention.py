from typing import Any

import pytest
import torch

from promptpress_kernels import column_scores, window_scores
from promptpress_kernels.backend import Backend
from promptpress_kernels.score_options import HeadReduction, RowReduction
from tests.kernels.references import causal, dense_shares, reduced, relative_error

# batch, query heads, key heads, rows, keys, head size
SHAPES = [
    (1, 4, 4, 5, 77, 64),
    (2, 6, 2, 7, 131, 96),
    (1, 8, 1, 32, 201, 128),
    (1, 3, 1, 1, 1, 64),
    (1, 8, 1, 1, 65, 128),
    (1, 2, 2, 8, 8, 80),
    (1, 6, 2, 70, 171, 64),
]
DTYPES = [torch.float32, torch.float16, torch.bfloat16]
BACKENDS = ["torch", "triton"]


def _tensors(
    shape: tuple[int, ...], dtype: torch.dtype, device: str, spread: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    batch, query_heads, key_heads, rows, length, size = shape
    generator = torch.Generator().manual_seed(sum(shape))
    queries = torch.randn(batch, query_heads, rows, size, generator=generator) * spread
    keys = torch.randn(batch, key_heads, length, size, generator=generator) * spread
    return queries.to(device, dtype), keys.to(device, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_window_scores_are_those_of_the_whole_matrix(
    backend: Backend, shape: tuple[int, ...], dtype: torch.dtype, device: str
) -> None:
    queries, keys = _tensors(shape, dtype, device)
    rows, length = shape[3:5]
    expected = reduced(dense_shares(queries, keys, causal(rows, length, length - rows)), shape[2], "sum", "mean")
    assert relative_error(window_scores(queries, keys, backend=backend), expected) < 1e-5


@pytest.mark.parametrize("heads", ["mean", "sum", "max", "none"])
@pytest.mark.parametrize("rows", ["sum", "max"])
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[6]], ids=str)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_reduction(
    backend: Backend, shape: tuple[int, ...], rows: RowReduction, heads: HeadReduction, device: str
) -> None:
    queries, keys = _tensors(shape, torch.float16, device)
    window, length = shape[3:5]
    expected = reduced(dense_shares(queries, keys, causal(window, length, length - window)), shape[2], rows, heads)
    result = window_scores(queries, keys, reduce_rows=rows, reduce_heads=heads, backend=backend)
    assert result.dtype == torch.float32
    assert result.shape == expected.shape
    assert relative_error(result, expected) < 1e-5


@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[6]], ids=str)
@pytest.mark.parametrize("backend", BACKENDS)
def test_ranges_weights_and_an_earlier_window(backend: Backend, shape: tuple[int, ...], device: str) -> None:
    queries, keys = _tensors(shape, torch.float32, device)
    rows, length = shape[3:5]
    positions = torch.arange(length)
    weights = torch.linspace(0, 1.2, rows)
    first = length // 3
    low, high = 11, length // 2
    visible = causal(rows, length, first) & (positions >= low) & (positions < high)
    shares = dense_shares(queries, keys, visible) * weights[:, None]
    pair = window_scores(
        queries, keys, key_range=(low, high), first_position=first, row_weights=weights.to(device), backend=backend
    )
    assert relative_error(pair, reduced(shares, shape[2], "sum", "mean")) < 1e-5

    ranges = torch.stack([torch.arange(rows) * 2, length - torch.arange(rows)], 1)
    ranges[1] = 5  # sees nothing
    visible = (positions >= ranges[:, :1]) & (positions < ranges[:, 1:])
    shares = dense_shares(queries, keys, visible)
    assert shares[:, :, 1].abs().sum() == 0
    result = window_scores(
        queries, keys, key_range=ranges.to(device), causal=False, reduce_rows="max", reduce_heads="max", backend=backend
    )
    assert relative_error(result, reduced(shares, shape[2], "max", "max")) < 1e-5


@pytest.mark.parametrize("length", [1, 17, 170])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_column_scores_of_a_prompt_add_up_to_its_queries(backend: Backend, length: int, device: str) -> None:
    queries, keys = _tensors((1, 6, 2, length, length, 64), torch.float16, device)
    shares = dense_shares(queries, keys, causal(length, length, 0))
    scores = column_scores(queries, keys, reduce_heads="sum", backend=backend)
    assert relative_error(scores, reduced(shares, 2, "sum", "sum")) < 1e-5
    assert scores.sum(-1).tolist() == [pytest.approx([3 * length] * 2, rel=1e-5)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_known_log_sums_replace_the_first_pass(backend: Backend, device: str) -> None:
    queries, keys = _tensors((1, 4, 2, 150, 150, 64), torch.float32, device)
    logits = queries @ keys.repeat_interleave(2, dim=1).transpose(-1, -2) / 8
    sums = logits.masked_fill(~causal(150, 150, 0).to(device), float("-inf")).logsumexp(-1)
    assert (
        relative_error(
            column_scores(queries, keys, log_sums=sums, backend=backend), column_scores(queries, keys, backend="torch")
        )
        < 1e-4
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_large_logits_do_not_overflow(backend: Backend, device: str) -> None:
    shape = (1, 3, 1, 9, 100, 64)
    queries, keys = _tensors(shape, torch.float32, device, spread=30.0)
    expected = reduced(dense_shares(queries, keys, causal(9, 100, 91)), 1, "sum", "mean")
    assert relative_error(window_scores(queries, keys, backend=backend), expected) < 1e-3


def test_views_with_strides_are_read_as_they_are(device: str) -> None:
    # As a projection leaves them: (batch, tokens, heads, size).
    queries = torch.randn(2, 9, 4, 64, device=device).transpose(1, 2)
    keys = torch.randn(2, 70, 2, 64, device=device).transpose(1, 2)
    expected = window_scores(queries.contiguous(), keys.contiguous(), backend="torch")
    assert relative_error(window_scores(queries, keys, backend="triton"), expected) < 1e-5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key_range": torch.zeros(3, 2)}, "key_range"),
        ({"row_weights": torch.ones(3)}, "row_weights"),
        ({"log_sums": torch.ones(3)}, "log_sums"),
        ({"scale": 0.0}, "scale"),
        ({"reduce_rows": "median"}, "median"),
        ({"backend": "cuda"}, "backend"),
    ],
)
def test_a_wrong_option_is_named(change: dict[str, Any], message: str) -> None:
    queries, keys = torch.ones(1, 4, 2, 8), torch.ones(1, 2, 5, 8)
    with pytest.raises(ValueError, match=message):
        window_scores(queries, keys, **change)


@pytest.mark.parametrize(
    ("queries", "keys"),
    [((1, 4, 2, 8), (2, 5, 8)), ((1, 4, 2, 8), (1, 2, 5, 4)), ((1, 3, 2, 8), (1, 2, 5, 8)), ((1, 4, 0, 8), (1, 2, 5, 8))],
)
def test_shapes_that_do_not_fit_are_refused(queries: tuple[int, ...], keys: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape|dimensions|size|heads|nothing"):
        window_scores(torch.ones(queries), torch.ones(keys))
