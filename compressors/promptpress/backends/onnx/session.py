"""Runs of an ONNX graph over sequences of many lengths: no padding, several single-threaded runs side by side."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any

from promptpress.backends.model_source import require
from promptpress.runtime.cancellation import current

_BATCH_TOKENS = 512


def onnx_runtime() -> Any:
    """The module onnxruntime. Only this function imports it.

    Its Linux wheels send telemetry unless ORT_DISABLE_TELEMETRY is set before the import, so it is set here if it is not.
    Raises ModelUnavailable if the package is missing.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    require(("onnxruntime",), "pip install onnxruntime")
    return import_module("onnxruntime")


def single_thread_session(model: bytes) -> Any:
    """An inference session on the CPU whose runs take one thread each; it may run in several threads at once."""
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # Fused, addition and layer norm run three times slower than apart: the fused kernel is not vectorised.
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


class EqualLengthRunner:
    """Groups sequences so that only those of equal length share a run, and runs the groups on `threads` threads.

    Without padding a sequence's result is bit for bit the same alone or in company.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="model")
        self._ahead = 2 * threads

    def run(self, lengths: Sequence[int], compute: Callable[[list[int]], None]) -> None:
        """Call `compute` with lists of indices of sequences that have the same of `lengths`, longest first.

        Returns when all are done; raises what `compute` raises, and Cancelled when the request is.
        """
        by_length: dict[int, list[int]] = {}
        for index, length in enumerate(lengths):
            by_length.setdefault(length, []).append(index)
        batches: list[list[int]] = []
        for length in sorted(by_length, reverse=True):
            rows = max(1, _BATCH_TOKENS // max(length, 1))
            members = by_length[length]
            batches.extend(members[i : i + rows] for i in range(0, len(members), rows))
        cancellation = current()

        def checked(batch: list[int]) -> None:
            if cancellation is not None:
                cancellation.check()
            compute(batch)

        # A few runs ahead of the pool and no more: a huge request must not line up in front of a small one.
        waiting: deque[Future[None]] = deque()
        try:
            for batch in batches:
                if len(waiting) >= self._ahead:
                    waiting.popleft().result()
                waiting.append(self._pool.submit(checked, batch))
            while waiting:
                waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
