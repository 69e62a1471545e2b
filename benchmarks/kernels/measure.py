"""Times, memory and the card's two ceilings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from triton.testing import do_bench

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Figure:
    """One contender at one size. What it did not run, for lack of memory or time, has no milliseconds."""

    part: str
    contender: str
    size: int
    milliseconds: float | None
    peak_mebibytes: float | None = None
    gigabytes_per_second: float | None = None
    teraflops: float | None = None
    note: str = ""


def figure(
    part: str, contender: str, size: int, run: Callable[[], Any], *, bytes_moved: float = 0.0, operations: float = 0.0
) -> Figure:
    """The median time and the memory beyond the inputs of one contender; the cache is emptied before each run."""
    try:
        peak = _peak(run)
        milliseconds = float(do_bench(run, warmup=10, rep=60, return_mode="median"))
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return Figure(part, contender, size, None, note="out of memory")
    return Figure(
        part,
        contender,
        size,
        milliseconds,
        peak / MEBIBYTE,
        bytes_moved / milliseconds / 1e6 if bytes_moved else None,
        operations / milliseconds / 1e9 if operations else None,
    )


def _peak(run: Callable[[], Any]) -> int:
    run()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def copy_bandwidth() -> float:
    """Bytes a second of a large copy on the card, read and written bytes counted."""
    source = torch.randn(1 << 30, device="cuda")
    target = torch.empty_like(source)
    milliseconds = do_bench(lambda: target.copy_(source), return_mode="median")
    return float(2 * source.numel() * 4 / milliseconds * 1e3)


def product_rate() -> float:
    """Operations a second of a large bfloat16 matrix product."""
    left, right = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    milliseconds = do_bench(lambda: left @ right, return_mode="median")
    return float(2 * 8192**3 / milliseconds * 1e3)


def relative_error(result: torch.Tensor, reference: torch.Tensor) -> float:
    """The norm of the difference over the norm of the reference."""
    return float((result.double() - reference.double()).norm() / reference.double().norm())
