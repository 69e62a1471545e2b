"""The three parts of the benchmark: correctness, then figures."""

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.kernels import contenders, layer
from benchmarks.kernels.measure import Figure, figure, relative_error
from promptpress_kernels import Backend, column_scores, gather_kv, self_information, window_scores

LENGTHS = (8192, 16384, 32768, 65536, 131072)
TOKENS = (4096, 8192, 16384, 32768)
KEPT = 0.25
# The longest prompts that the slow contenders are given.
DENSE_COLUMNS = 32768


def correctness() -> dict[str, float]:
    """Relative errors against the torch functions in float64 on this card, for bfloat16 inputs."""
    torch.manual_seed(0)
    errors = {}
    queries, keys, values = layer.heads(32, 8192 - 3), layer.heads(8, 8192 - 3), layer.heads(8, 8192 - 3)
    window = queries[:, :, -layer.WINDOW :]
    for rows, heads in (("sum", "mean"), ("max", "max"), ("sum", "none")):
        result, reference = (
            window_scores(window.to(kind), keys.to(kind), reduce_rows=rows, reduce_heads=heads)  # type: ignore[arg-type]
            for kind in (torch.bfloat16, torch.float64)
        )
        errors[f"window, {rows} over rows, {heads} over heads"] = relative_error(result, reference)
    grouped = contenders.grouped_window(window, keys)
    errors["window, torch's matrix of logits in bfloat16"] = relative_error(
        grouped, window_scores(window.double(), keys.double())
    )
    columns = column_scores(queries, keys)
    errors["columns"] = relative_error(columns, column_scores(queries.float(), keys.float(), backend="torch"))
    sums = contenders.flash_log_sums(queries, keys, values)
    errors["columns, log-sums of FlashAttention"] = relative_error(column_scores(queries, keys, log_sums=sums), columns)
    kept = torch.stack([torch.randperm(8189, device="cuda")[:2047].sort().values for _ in range(layer.KEY_HEADS)])
    rates = layer.inverse_frequencies()
    packed, _ = gather_kv(keys, values, kept, inverse_frequencies=rates)
    exact, _ = gather_kv(keys.double(), values.double(), kept, inverse_frequencies=rates)
    errors["packed keys, rotated (bfloat16 results)"] = relative_error(packed, exact)
    hidden = torch.randn(1000, layer.HIDDEN, device="cuda", dtype=torch.bfloat16)
    weight = layer.head_weights()
    targets = torch.randint(0, layer.VOCABULARY, (1000,), device="cuda")
    information = self_information(hidden, weight, targets)
    errors["self-information"] = relative_error(information, self_information(hidden.double(), weight.double(), targets))
    return errors


def window() -> Iterator[Figure]:
    """Scores of the last 32 queries against all keys."""
    for length in LENGTHS:
        queries, keys, values = layer.heads(32, layer.WINDOW), layer.heads(8, length), layer.heads(8, length)
        mask = torch.arange(length, device="cuda") <= length - layer.WINDOW + torch.arange(32, device="cuda")[:, None]
        twice = 2.0 * keys.numel() * keys.element_size()
        for name, run, moved in (
            ("kernel", partial(window_scores, queries, keys), twice),
            ("torch, matrix of logits", partial(contenders.grouped_window, queries, keys), 0.0),
            ("torch, matrix of logits, repeated keys", partial(contenders.materialised_window, queries, keys), 0.0),
            ("torch function", partial(window_scores, queries, keys, backend="torch"), 0.0),
            (
                "attention alone: SDPA, masked",
                partial(contenders.sdpa_with_mask, queries, keys, values, mask),
                twice,
            ),
            (
                "attention alone: FlashAttention, no mask",
                partial(contenders.flash, queries, keys, values, False),
                twice,
            ),
        ):
            yield figure("window", name, length, run, bytes_moved=moved)


def columns() -> Iterator[Figure]:
    """Scores of all queries of a causal prompt."""
    for length in LENGTHS:
        queries, keys, values = layer.heads(32, length), layer.heads(8, length), layer.heads(8, length)
        # One product over half of the square.
        product = 1.0 * length * length * layer.HEAD_SIZE * layer.QUERY_HEADS
        sums = contenders.flash_log_sums(queries, keys, values)
        for name, run, operations in (
            ("kernel, two passes", partial(column_scores, queries, keys), 2 * product),
            (
                "kernel, log-sums known",
                partial(column_scores, queries, keys, log_sums=sums),
                product,
            ),
            (
                "attention alone: FlashAttention",
                partial(contenders.flash, queries, keys, values, True),
                2 * product,
            ),
        ):
            yield figure("columns", name, length, run, operations=operations)
        if length <= DENSE_COLUMNS:
            run = partial(column_scores, queries, keys, backend="torch")
            yield figure("columns", "torch function, blocks of rows", length, run)
        name = "torch, matrix of logits"
        yield figure("columns", name, length, partial(contenders.materialised_window, queries, keys))


def gathering() -> Iterator[Figure]:
    """A quarter of the keys and values, chosen for each head, packed and rotated anew."""
    for length in LENGTHS:
        keys, values = layer.heads(8, length), layer.heads(8, length)
        count = int(length * KEPT)
        each = torch.stack([torch.randperm(length, device="cuda")[:count].sort().values for _ in range(8)])
        rates = layer.inverse_frequencies()
        moved = 4.0 * count * layer.KEY_HEADS * layer.HEAD_SIZE * keys.element_size()
        chosen: tuple[tuple[str, torch.Tensor, torch.Tensor | None, Backend], ...] = (
            ("kernel, rotated", each, rates, "triton"),
            ("kernel, one choice for all heads, rotated", each[0], rates, "triton"),
            ("kernel, not rotated", each, None, "triton"),
            ("torch.gather and rotation", each, rates, "torch"),
            ("torch.gather, not rotated", each, None, "torch"),
        )
        for name, kept, rotation, backend in chosen:
            run = partial(gather_kv, keys, values, kept, inverse_frequencies=rotation, backend=backend)
            yield figure("gather", name, length, run, bytes_moved=moved)


def information() -> Iterator[Figure]:
    """-ln p of each token."""
    weight = layer.head_weights()
    for tokens in TOKENS:
        hidden = torch.randn(tokens, layer.HIDDEN, device="cuda", dtype=torch.bfloat16)
        targets = torch.randint(0, layer.VOCABULARY, (tokens,), device="cuda")
        operations = 2.0 * tokens * layer.HIDDEN * layer.VOCABULARY
        for name, run in (
            ("kernel", partial(self_information, hidden, weight, targets)),
            ("torch, all logits", partial(contenders.materialised_information, hidden, weight, targets)),
            ("torch, 1,024 tokens at a time", partial(contenders.chunked_information, hidden, weight, targets)),
            ("matrix products alone", partial(contenders.product_alone, hidden, weight)),
        ):
            yield figure("information", name, tokens, run, operations=operations)
        torch.cuda.empty_cache()


PARTS = {"window": window, "columns": columns, "gather": gathering, "information": information}
