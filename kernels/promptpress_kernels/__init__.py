"""Kernels for prompt and KV-cache compression: Triton on CUDA, torch everywhere else."""

from importlib.metadata import PackageNotFoundError, version

from promptpress_kernels.attention import column_scores, window_scores
from promptpress_kernels.backend import Backend, TritonUnavailable
from promptpress_kernels.gathering import gather_kv, rotate_keys
from promptpress_kernels.linear_cross_entropy import self_information
from promptpress_kernels.score_options import HeadReduction, RowReduction

__all__ = [
    "Backend",
    "HeadReduction",
    "RowReduction",
    "TritonUnavailable",
    "__version__",
    "column_scores",
    "gather_kv",
    "rotate_keys",
    "self_information",
    "window_scores",
]

try:
    __version__ = version("promptpress-kernels")
except PackageNotFoundError:  # run from the source tree
    __version__ = "0"
