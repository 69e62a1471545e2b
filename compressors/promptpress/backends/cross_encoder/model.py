"""The evidence model: a cross-encoder that scores the units of passage windows for a question."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import load_file

from promptpress.backends.cross_encoder.windows import Window, query_tokens
from promptpress.backends.encoder.embedded import CLS, SEP, SHAPE, available_cores, model_folder
from promptpress.backends.onnx.graph import TokenHead, build_bert
from promptpress.backends.onnx.quantization import ranges_of
from promptpress.backends.onnx.session import EqualLengthRunner, single_thread_session
from promptpress.backends.windows import CROSS_ENCODER_TITLE_TOKENS
from promptpress.errors import ModelUnavailable

WEIGHTS = Path(__file__).with_name("evidence.safetensors")
DIGEST = Path(__file__).with_name("evidence.sha256")
UNIT, TOKEN, PASSAGE = range(3)
"""Columns of the model's head: a token's share of its unit's score, its own logit, and the passage's (first token only)."""


@dataclass(frozen=True)
class WindowScores:
    """Scores of one window. A unit's evidence is its own score plus the score of the window.

    `units` (units,) are the indices of the units in the window, `scores` (units,) their own scores, and `passage` is the
    score of the window as a whole.
    """

    units: NDArray[np.int64]
    scores: NDArray[np.float32]
    passage: float


class CrossEncoder:
    """MiniLM's six layers, the upper four trained by us, over [question, window]; int8 unless `precision` is "fp32".

    Raises ModelUnavailable if the weights are missing or are not those the package was made with.
    """

    def __init__(self, threads: int | None = None, precision: str = "int8", weights: Path = WEIGHTS) -> None:
        data = _checked(weights)
        self.name = f"promptpress-evidence/{precision}/{hashlib.sha256(data).hexdigest()[:8]}"
        own = {name: array.astype(np.float32) for name, array in load_arrays(data).items()}
        layers = {name: array for name, array in own.items() if name.startswith("encoder.")}
        ranges = ranges_of(own, "range.") if precision == "int8" else None
        graph = build_bert(
            load_file(model_folder() / "model.safetensors") | layers,
            SHAPE,
            ranges,
            head=TokenHead(own["head.weight"], own["head.bias"]),
        )
        self.prior: NDArray[np.float32] = own["prior"]
        self._session = single_thread_session(graph)
        self._runner = EqualLengthRunner(threads or available_cores())

    def score(self, query: NDArray[np.int32], windows: Sequence[tuple[NDArray[np.int32], Window]]) -> list[WindowScores]:
        """Scores of each (title's token ids, window), read together with the query's token ids.

        The scores of a window do not depend on the other windows.
        """
        query = query_tokens(query)
        front = len(query) + 2
        sequences = [
            np.concatenate([[CLS], query, [SEP], title[:CROSS_ENCODER_TITLE_TOKENS], window.ids, [SEP]]).astype(np.int32)
            for title, window in windows
        ]
        results: list[WindowScores | None] = [None] * len(windows)

        def run(batch: list[int]) -> None:
            ids = np.stack([sequences[index] for index in batch])
            segments = np.zeros_like(ids)
            segments[:, front:] = 1
            (scores,) = self._session.run(["scores"], {"token_ids": ids, "segments": segments})
            for row, index in enumerate(batch):
                window = windows[index][1]
                results[index] = _window_scores(window, scores[row, -1 - len(window.ids) : -1], scores[row, 0, PASSAGE])

        self._runner.run([len(sequence) for sequence in sequences], run)
        return [scores for scores in results if scores is not None]


def _window_scores(window: Window, tokens: NDArray[np.float32], passage: np.float32) -> WindowScores:
    units, first = np.unique(window.owners, return_index=True)
    edges = np.append(first, len(window.owners))
    sums = np.add.reduceat(tokens[:, UNIT], first)
    largest = np.maximum.reduceat(tokens[:, TOKEN], first)
    return WindowScores(units, (sums / np.diff(edges) + largest).astype(np.float32), float(passage))


def _checked(weights: Path) -> bytes:
    if not weights.exists():
        raise ModelUnavailable(f"the evidence model's weights are missing: {weights.name}; reinstall the package")
    data = weights.read_bytes()
    digest = weights.with_suffix(DIGEST.suffix)
    expected = digest.read_text().split()[0] if digest.exists() else ""
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelUnavailable(f"{weights.name} is not the file this version was made with; reinstall the package")
    return data
