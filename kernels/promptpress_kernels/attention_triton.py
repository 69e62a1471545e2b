"""Launches the kernels of `attention_kernels` with tiles that fit the shapes."""
# mypy: allow-untyped-calls

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import triton

from promptpress_kernels.attention_kernels import combine_kernel, full_kernel, log_sums_kernel, window_kernel
from promptpress_kernels.backend import interprets
from promptpress_kernels.score_options import ScoreOptions

LOG2_E = 1.4426950408889634
# Rows of all query heads of one key head, padded, that the window kernel keeps at once; more go to the full kernel.
WINDOW_ROWS = 256
# How the kernels number the reductions over query heads.
HEAD_CODES = {"mean": 0, "sum": 0, "max": 1, "none": 3}


@dataclass(frozen=True)
class Tile:
    """Rows and keys of one tile, and how the compiler spreads it."""

    rows: int
    keys: int
    warps: int
    stages: int


@dataclass(frozen=True)
class Tiles:
    """The tiles of the three kernels."""

    log_sums: Tile
    window: Tile
    """Keeps all rows; only its keys count."""
    full: Tile
    programs: int
    """Programs that the keys are split among, by the first two."""


def default_tiles(rows: int, size: int, wide: bool, programs: int) -> Tiles:
    """Tiles for `rows` rows a key head and heads of `size`; `wide` for 32-bit inputs, which need twice the shared memory.

    Chosen on an H100 with `benchmarks.kernels --sweep`.
    """
    if interprets():
        small = Tile(32, 64, 4, 1)
        return Tiles(small, small, Tile(32, 32, 4, 1), 6)
    if wide or size > 128:
        return Tiles(Tile(64, 32, 4, 2), Tile(64, 32, 4, 2), Tile(32, 64, 4, 2), programs)
    full = Tile(128, 64, 4, 3)
    if rows <= 128:
        return Tiles(Tile(128, 64, 4, 3), Tile(128, 64, 4, 3), full, programs)
    return Tiles(Tile(128, 128, 8, 2), Tile(256, 64, 8, 3), full, programs)


@cache
def programs_at_once(device: torch.device) -> int:
    """Programs that run at the same time: two on each multiprocessor."""
    if device.type != "cuda":
        return 1
    return 2 * int(torch.cuda.get_device_properties(device).multi_processor_count)


class Launch:
    """What the kernels of one call share."""

    def __init__(self, queries: torch.Tensor, keys: torch.Tensor, options: ScoreOptions, tiles: Tiles | None) -> None:
        self.queries = queries if queries.stride(-1) == 1 else queries.contiguous()
        self.keys = keys if keys.stride(-1) == 1 else keys.contiguous()
        self.options = options
        self.batch, self.query_heads, self.rows, self.size = queries.shape
        self.key_heads, self.length = keys.shape[1:3]
        self.group = self.query_heads // self.key_heads
        self.rows_pad = triton.next_power_of_2(self.rows)
        self.group_pad = triton.next_power_of_2(self.group)
        if self.rows_pad * self.group_pad < 16:
            self.rows_pad = 16 // self.group_pad
        self.fits_window = self.rows_pad * self.group_pad <= WINDOW_ROWS
        wide = keys.dtype == torch.float32
        self.tiles = tiles or default_tiles(self.rows_pad * self.group_pad, self.size, wide, programs_at_once(keys.device))
        self.strides = (*self.queries.stride()[:3], *self.keys.stride()[:3])
        self.limits = (options.low, options.high, options.first)
        self.shape: dict[str, Any] = {
            "group": self.group,
            "head_size": self.size,
            "causal": options.causal,
            "has_ranges": options.ranges is not None,
            "block_d": max(16, triton.next_power_of_2(self.size)),
            # The interpreter computes products of 16-bit floats wrongly.
            "upcast": interprets() and not wide,
            "precision": "ieee",
        }

    def log_sums(self) -> tuple[torch.Tensor, int]:
        """(splits, batch, query heads, rows) base-2 log-sum-exps, and the number of splits."""
        if self.options.log_sums is not None:
            return (self.options.log_sums.float() * LOG2_E).contiguous(), 1
        tile = self.tiles.log_sums
        rows_pad, members = self.rows_pad, self.group
        if rows_pad * self.group_pad > tile.rows and rows_pad > tile.rows:
            rows_pad = triton.cdiv(self.rows, tile.rows) * tile.rows
        block_m = min(tile.rows, triton.next_power_of_2(max(16, members * rows_pad)))
        row_tiles = triton.cdiv(members * rows_pad, block_m)
        wanted = triton.cdiv(self.tiles.programs, row_tiles * self.key_heads * self.batch)
        split_keys = triton.cdiv(triton.cdiv(self.length, wanted), tile.keys) * tile.keys
        splits = triton.cdiv(self.length, split_keys)
        partials = torch.empty(splits, self.batch, self.query_heads, self.rows, dtype=torch.float32, device=self.keys.device)
        log_sums_kernel[(row_tiles * splits, self.key_heads, self.batch)](
            self.queries, self.keys, self.options.ranges, partials, *self.strides,
            self.rows, rows_pad, self.length, *self.limits, splits, split_keys, self.options.scale * LOG2_E,
            block_m=block_m, block_n=tile.keys, stages=tile.stages, num_warps=tile.warps, **self.shape,
        )  # fmt: skip
        return partials, splits

    def scores(self, partials: torch.Tensor, splits: int) -> torch.Tensor:
        """The scores from the log-sums of the rows."""
        options = self.options
        outputs = self.query_heads if options.heads == "none" else self.key_heads
        out = torch.empty(self.batch, outputs, self.length, dtype=torch.float32, device=self.keys.device)
        flags = {
            "has_weights": options.weights is not None,
            "row_max": options.rows == "max",
            "heads": HEAD_CODES[options.heads],
        }
        scale, factor = options.scale * LOG2_E, 1.0 / self.group if options.heads == "mean" else 1.0
        tensors = (self.queries, self.keys, options.ranges, options.weights)
        if self.fits_window:
            tile = self.tiles.window
            wanted = triton.cdiv(self.tiles.programs, self.key_heads * self.batch)
            chunk = triton.cdiv(triton.cdiv(self.length, wanted), tile.keys) * tile.keys
            window_kernel[(triton.cdiv(self.length, chunk), self.key_heads, self.batch)](
                *tensors, partials, out, *self.strides, self.rows, self.length, *self.limits, splits, chunk, scale, factor,
                group_pad=self.group_pad, rows_pad=self.rows_pad, block_n=tile.keys, stages=tile.stages,
                num_warps=tile.warps, **flags, **self.shape,
            )  # fmt: skip
            return out
        tile = self.tiles.full
        full_kernel[(triton.cdiv(self.length, tile.keys), self.key_heads, self.batch)](
            *tensors, _combined(partials, splits), out, *self.strides, self.rows, self.length, *self.limits, scale, factor,
            block_m=tile.rows, block_n=tile.keys, stages=tile.stages, num_warps=tile.warps, **flags, **self.shape,
        )  # fmt: skip
        return out


def _combined(partials: torch.Tensor, splits: int) -> torch.Tensor:
    """The log-sums over all splits, with plus infinity for rows that see nothing."""
    count = partials.numel() // splits
    log_sums = torch.empty(count, dtype=torch.float32, device=partials.device)
    combine_kernel[(triton.cdiv(count, 256),)](partials, log_sums, count, splits, block=256)
    return log_sums


def window_scores_triton(
    queries: torch.Tensor, keys: torch.Tensor, options: ScoreOptions, tiles: Tiles | None = None
) -> torch.Tensor:
    """What `attention.window_scores_torch` defines, in two passes. `tiles` replaces the default tiles."""
    launch = Launch(queries, keys, options, tiles)
    return launch.scores(*launch.log_sums())
