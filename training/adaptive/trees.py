"""From scikit-learn's boosted trees to plain arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier


def arrays_of(model: HistGradientBoostingClassifier) -> tuple[dict[str, NDArray[Any]], int]:
    """The arrays that `promptpress.methods.acc_rag.selector.Selector` takes, without the calibration, and the depth.

    scikit-learn has no public access to the nodes; `training.adaptive.train` compares the result with the model's own.
    """
    trees = [predictors[0].nodes for predictors in model._predictors]
    nodes = max(len(tree) for tree in trees)
    arrays: dict[str, NDArray[Any]] = {name: np.zeros((len(trees), nodes)) for name in ("threshold", "value")}
    arrays |= {name: np.zeros((len(trees), nodes), dtype=np.int16) for name in ("feature", "left", "right")}
    for row, tree in enumerate(trees):
        own = np.arange(len(tree))
        leaf = tree["is_leaf"].astype(bool)
        arrays["feature"][row, : len(tree)] = np.where(leaf, 0, tree["feature_idx"])
        arrays["threshold"][row, : len(tree)] = tree["num_threshold"]
        arrays["left"][row, : len(tree)] = np.where(leaf, own, tree["left"])
        arrays["right"][row, : len(tree)] = np.where(leaf, own, tree["right"])
        arrays["value"][row, : len(tree)] = np.where(leaf, tree["value"], 0)
    arrays["baseline"] = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1)
    return arrays, max(int(tree["depth"].max()) for tree in trees)
