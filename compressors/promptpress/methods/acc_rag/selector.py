"""The trained selector: how likely is it that a prefix holds what the whole holds?"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from promptpress.errors import ModelUnavailable
from promptpress.methods.acc_rag.features import NAMES
from promptpress.methods.acc_rag.stopping import least_gain, rising

WEIGHTS = Path(__file__).with_name("selector.safetensors")


class Selector:
    """Boosted regression trees and a calibration, evaluated with numpy.

    `feature`, `threshold`, `left`, `right`, `value` are (trees, nodes); a row goes left where its feature is at most the
    threshold, and a leaf is its own left and right. The sum of the leaves and `baseline` is the log-odds, which
    `calibration` sets right: a shift, a slope, and a further shift for chats and logs. `gain` maps the confidence
    asked for to the least gain: a factor, a power, and a factor for chats and logs.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], scorer: str, depth: int) -> None:
        self.scorer = scorer
        """The method whose scores the selector was trained on."""
        self._feature = arrays["feature"].astype(np.int64)
        self._threshold = arrays["threshold"]
        self._left = arrays["left"].astype(np.int64)
        self._right = arrays["right"].astype(np.int64)
        self._value = arrays["value"]
        self._baseline = float(arrays["baseline"][0])
        self._shift, self._slope, self._shift_of_lines = arrays["calibration"]
        self._gain, self._power, self._gain_of_lines = arrays["gain"]
        self._depth = depth

    @classmethod
    def read(cls, path: Path) -> "Selector":
        """Raises ModelUnavailable if the file is missing or was made for other features."""
        if not path.exists():
            raise ModelUnavailable(f"the selector's weights are missing: {path.name}; reinstall the package")
        with safe_open(path, framework="numpy") as file:
            about = file.metadata()
            if json.loads(about["features"]) != list(NAMES):
                raise ModelUnavailable(f"{path.name} was made for other features; run training.adaptive.train again")
            return cls({name: file.get_tensor(name) for name in file.keys()}, about["scorer"], int(about["depth"]))  # noqa: SIM118

    def log_odds(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Uncalibrated log-odds (rows,) of features (rows, features)."""
        trees = np.arange(len(self._feature))
        at = np.zeros((len(rows), len(trees)), dtype=np.int64)
        number = np.arange(len(rows))[:, None]
        for _ in range(self._depth):
            below = rows[number, self._feature[trees, at]] <= self._threshold[trees, at]
            at = np.where(below, self._left[trees, at], self._right[trees, at])
        return np.asarray(self._value[trees, at].sum(axis=1) + self._baseline)

    def calibrated(self, log_odds: NDArray[np.float64], lines: float = 0.0) -> NDArray[np.float64]:
        """What log-odds of the trees are worth, as log-odds."""
        return np.asarray(self._shift + self._slope * log_odds + self._shift_of_lines * lines)

    def confidences(self, rows: NDArray[np.float32], lines: float = 0.0) -> NDArray[np.float64]:
        """For the prefixes of one order, smallest first, the chance that each holds what the whole holds (rows,).

        `lines` is the share of units that are chat turns or log lines: there the selector is too sure, because the answer
        often stands in the turn after the one that resembles the question. The chance never falls from a prefix to a longer
        one, and the whole is certain to hold what it holds.
        """
        if not len(rows):
            return np.empty(0)
        return rising(self.calibrated(self.log_odds(rows), lines)).round(4)

    def least_gain(self, confidence: float, lines: float = 0.0) -> float:
        """See stopping.least_gain; set so that of many questions a share of `confidence` keep their answer.

        `lines` as in `confidences`.
        """
        return least_gain(confidence, float(self._gain * self._gain_of_lines**lines), float(self._power))


@lru_cache(maxsize=1)
def load_selector() -> Selector:
    """The selector that the package was made with. Raises ModelUnavailable."""
    return Selector.read(WEIGHTS)
