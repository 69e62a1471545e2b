"""Times of other tiles than the default ones, for a card they were not chosen on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources
from triton.testing import do_bench

from benchmarks.kernels import layer
from promptpress_kernels import attention, attention_triton, gathering_triton, linear_cross_entropy_triton
from promptpress_kernels.attention_triton import Tile, default_tiles

STREAMING = [Tile(128, 128, 8, 3), Tile(128, 64, 8, 4), Tile(128, 64, 4, 3), Tile(64, 128, 4, 3), Tile(128, 128, 8, 2)]
FULL = [
    Tile(64, 128, 8, 3),
    Tile(64, 128, 8, 2),
    Tile(64, 64, 4, 3),
    Tile(128, 64, 4, 3),
    Tile(32, 128, 8, 4),
    Tile(128, 128, 8, 2),
]
LOGITS = [
    (128, 256, 64, 16, 8, 3),
    (128, 256, 64, 8, 8, 4),
    (128, 256, 64, 32, 8, 4),
    (128, 128, 64, 16, 4, 4),
    (256, 128, 64, 8, 8, 4),
]


def sweep() -> Iterator[str]:
    """One line a tile."""
    length = 131072
    keys, window = layer.heads(8, length), layer.heads(32, layer.WINDOW)
    queries = layer.heads(32, 32768)
    wide = _options(window, keys)
    square = _options(queries, queries[:, :8])
    tiles = default_tiles(128, 128, False)
    for tile in STREAMING:
        for programs in (264, 528, 1056):
            some = replace(tiles, log_sums=tile, programs=programs)
            launch = attention_triton._Launch(window, keys, wide, some)
            yield _line(f"window pass 1 {tile} {programs}", launch.log_sums)
    log_sums = attention_triton._Launch(window, keys, wide, tiles).log_sums()
    for tile in STREAMING:
        for programs in (264, 528, 1056):
            launch = attention_triton._Launch(window, keys, wide, replace(tiles, window=tile, programs=programs))
            yield _line(f"window pass 2 {tile} {programs}", lambda each=launch: each.scores(*log_sums))
    for tile in STREAMING:
        launch = attention_triton._Launch(queries, queries[:, :8], square, replace(tiles, log_sums=tile))
        yield _line(f"columns pass 1 {tile}", launch.log_sums)
    log_sums = attention_triton._Launch(queries, queries[:, :8], square, tiles).log_sums()
    for tile in FULL:
        launch = attention_triton._Launch(queries, queries[:, :8], square, replace(tiles, full=tile))
        yield _line(f"columns pass 2 {tile}", lambda each=launch: each.scores(*log_sums))
    yield from _others(keys)


def _others(keys: torch.Tensor) -> Iterator[str]:
    kept = torch.stack([torch.randperm(keys.shape[2], device="cuda")[:32768].sort().values for _ in range(8)])[None]
    rates = layer.inverse_frequencies()
    for block, warps in ((16, 2), (16, 4), (32, 4), (32, 8), (64, 8), (8, 2)):
        yield _line(
            f"gather {block} {warps}",
            lambda b=block, w=warps: gathering_triton.gather_kv_triton(keys, keys, kept, rates, None, None, b, w),
        )
    hidden = torch.randn(8192, layer.HIDDEN, device="cuda", dtype=torch.bfloat16)
    weight = layer.head_weights()
    targets = torch.randint(0, layer.VOCABULARY, (8192,), device="cuda")
    for shape in LOGITS:
        tile = linear_cross_entropy_triton.Tile(*shape)
        yield _line(
            f"self-information {tile}",
            lambda each=tile: linear_cross_entropy_triton.self_information_triton(
                hidden, weight, targets, None, None, -100, each
            ),
        )


def _options(queries: torch.Tensor, keys: torch.Tensor) -> attention.ScoreOptions:
    return attention._checked(queries, keys, None, True, None, None, None, "sum", "mean", None)


def _line(name: str, run: Callable[[], Any]) -> str:
    try:
        return f"{do_bench(run, warmup=5, rep=30, return_mode='median'):9.3f} ms  {name}"
    except (OutOfResources, CompilationError) as failure:
        return f"  refused    {name}: {type(failure).__name__}"
