"""Times of other tiles than the default ones, for a card they were not chosen on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources
from triton.testing import do_bench

from benchmarks.kernels import layer
from promptpress_kernels import linear_cross_entropy_triton
from promptpress_kernels.attention_triton import Launch, Tile, Tiles
from promptpress_kernels.gathering_triton import gather_kv_triton
from promptpress_kernels.score_options import checked_options

# Rows, keys, warps and stages of the attention kernels.
STREAMING = [Tile(128, 64, 4, 3), Tile(128, 64, 8, 4), Tile(128, 128, 8, 2), Tile(128, 128, 8, 3), Tile(64, 128, 4, 3)]
FULL = [Tile(128, 64, 4, 3), Tile(128, 64, 4, 2), Tile(64, 64, 4, 3), Tile(128, 128, 8, 2), Tile(64, 128, 8, 2)]
PROGRAMS = (264, 528)
# Blocks of kept tokens and warps.
PACKING = [(16, 8), (16, 4), (8, 4), (8, 2), (32, 8)]
# Tokens, vocabulary rows, channels, group, warps and stages.
LOGITS = [
    (256, 128, 64, 8, 8, 4),
    (256, 128, 64, 16, 8, 4),
    (256, 128, 64, 8, 8, 3),
    (128, 256, 64, 16, 8, 3),
    (128, 256, 64, 8, 8, 4),
    (128, 128, 64, 16, 4, 4),
]


def sweep() -> Iterator[str]:
    """One line a tile."""
    keys = layer.heads(layer.KEY_HEADS, 131072)
    yield from _attention("window", layer.heads(layer.QUERY_HEADS, layer.WINDOW), keys, STREAMING)
    queries = layer.heads(layer.QUERY_HEADS, 32768)
    yield from _attention("columns", queries, keys[:, :, :32768], FULL)
    del queries
    yield from _packing(keys)
    yield from _information()


def _attention(part: str, queries: torch.Tensor, keys: torch.Tensor, second: list[Tile]) -> Iterator[str]:
    options = checked_options(
        queries,
        keys,
        scale=None,
        causal=True,
        first_position=None,
        key_range=None,
        row_weights=None,
        reduce_rows="sum",
        reduce_heads="mean",
        log_sums=None,
    )
    base = Tiles(STREAMING[0], STREAMING[0], FULL[0], PROGRAMS[0])
    for tile in STREAMING:
        for programs in PROGRAMS:
            launch = Launch(queries, keys, options, replace(base, log_sums=tile, programs=programs))
            yield _line(f"{part}, pass 1, {tile}, {programs} programs", launch.log_sums)
    log_sums = Launch(queries, keys, options, base).log_sums()
    for tile in second:
        for programs in PROGRAMS:
            launch = Launch(queries, keys, options, replace(base, window=tile, full=tile, programs=programs))
            yield _line(f"{part}, pass 2, {tile}, {programs} programs", partial(launch.scores, *log_sums))


def _packing(keys: torch.Tensor) -> Iterator[str]:
    kept = torch.stack([torch.randperm(keys.shape[2], device="cuda")[:32768].sort().values for _ in range(8)])[None]
    rates = layer.inverse_frequencies()
    for name, chosen, rotation in (("rotated", kept, rates), ("plain", kept, None), ("shared", kept[:, :1], rates)):
        for block, warps in PACKING:
            yield _line(
                f"gather, {name}, {block} tokens, {warps} warps",
                partial(gather_kv_triton, keys, keys, chosen, rotation, None, None, block, warps),
            )


def _information() -> Iterator[str]:
    hidden = torch.randn(8192, layer.HIDDEN, device="cuda", dtype=torch.bfloat16)
    weight = layer.head_weights()
    targets = torch.randint(0, layer.VOCABULARY, (8192,), device="cuda")
    for bulk in (True, False):
        for shape in LOGITS:
            tile = linear_cross_entropy_triton.Tile(*shape)
            yield _line(
                f"self-information, {'bulk' if bulk else 'plain'} copies, {tile}",
                partial(
                    linear_cross_entropy_triton.self_information_triton,
                    hidden,
                    weight,
                    targets,
                    None,
                    None,
                    -100,
                    tile,
                    bulk,
                ),
            )


def _line(name: str, run: Callable[[], Any]) -> str:
    try:
        return f"{do_bench(run, warmup=5, rep=30, return_mode='median'):9.3f} ms  {name}"
    except (OutOfResources, CompilationError) as failure:
        return f"  refused    {name}: {type(failure).__name__}"
