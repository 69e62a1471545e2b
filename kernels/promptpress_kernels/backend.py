"""Which implementation runs: a Triton kernel or the torch function that defines it."""

import os
from functools import cache
from importlib.util import find_spec
from typing import Literal

import torch

Backend = Literal["auto", "triton", "torch"]

KERNEL_DTYPES = frozenset({torch.float16, torch.bfloat16, torch.float32})


class TritonUnavailable(ImportError):
    """A Triton kernel was asked for by name and cannot run here."""


@cache
def has_triton() -> bool:
    """Whether Triton is installed. Does not import it."""
    return find_spec("triton") is not None


def interprets() -> bool:
    """Whether Triton's interpreter is switched on (`TRITON_INTERPRET=1`), which runs kernels on the CPU, slowly."""
    return os.environ.get("TRITON_INTERPRET", "0").lower() in {"1", "true", "on", "yes", "y"}


def use_triton(backend: Backend, tensor: torch.Tensor) -> bool:
    """Whether the kernel runs for `tensor`.

    `auto` takes the kernel for CUDA tensors of 16 or 32 bits when Triton is installed. `triton` takes it or raises:
    `TritonUnavailable` where Triton is missing or the tensor is not on a GPU, `TypeError` for a type no kernel has.
    """
    if backend not in {"auto", "triton", "torch"}:
        raise ValueError(f"backend must be auto, triton or torch, not {backend!r}")
    if backend == "torch":
        return False
    if backend == "auto":
        return tensor.is_cuda and tensor.dtype in KERNEL_DTYPES and has_triton()
    if not has_triton():
        raise TritonUnavailable("Triton is not installed: pip install promptpress-kernels[triton]")
    if not tensor.is_cuda and not interprets():
        raise TritonUnavailable(f"Triton kernels need tensors on a GPU, these are on {tensor.device}")
    if tensor.dtype not in KERNEL_DTYPES:
        raise TypeError(f"Triton kernels take float16, bfloat16 and float32, not {tensor.dtype}")
    return True
