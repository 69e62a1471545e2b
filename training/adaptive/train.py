"""Train the selector of `acc_rag` and write it where the package reads it.

    python -m training.adaptive.train build/adaptive/steps.npz

Five folds over texts give every request predictions of a model that has not seen its text; the calibration and the printed
figures come from those, the trees that are written from all requests. `reliability.png` lands beside the steps.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from safetensors.numpy import save_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from promptpress.methods.acc_rag.acc_rag import SCORER
from promptpress.methods.acc_rag.features import NAMES, RISING
from promptpress.methods.acc_rag.selector import WEIGHTS, Selector
from training.adaptive.calibration import ASKED, Steps, fit_gain, platt
from training.adaptive.plot import draw
from training.adaptive.trees import arrays_of

_FOLDS = 5
_TREES = 120


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", type=Path, help="written by training.adaptive.build")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    with np.load(arguments.steps) as file:
        data = {name: file[name] for name in file.files}
    out_of_fold = held_out(data)
    train(data, out_of_fold, arguments.output)
    selector = Selector.read(arguments.output)
    print(f"{arguments.output.name}: {arguments.output.stat().st_size} bytes, scorer {selector.scorer}")
    steps = replace(out_of_fold, log_odds=selector.calibrated(out_of_fold.log_odds))
    for asked in ASKED:
        gain = selector.least_gain(asked)
        print(f"asked {asked:.2f}: kept {steps.kept(gain):.3f} at a mean ratio of {steps.ratio(gain):.3f}")
    gain = selector.least_gain(0.95)
    for name in np.unique(data["source"]):
        part = steps.where(data["source"] == name)
        print(f"{name}: {part.kept(gain):.3f} at a mean ratio of {part.ratio(gain):.3f} for 0.95")
    draw(data["source"], steps, ASKED, selector.least_gain, arguments.steps.with_name("reliability.png"))


def train(data: dict[str, Any], out_of_fold: Steps, output: Path) -> None:
    """Fit, calibrate, export, and compare the export with the model."""
    model = _fitted(data, np.ones(len(data["y"]), dtype=bool))
    arrays, depth = arrays_of(model)
    shift, slope = platt(out_of_fold)
    arrays["calibration"] = np.asarray([shift, slope, 0.0])
    arrays["gain"] = np.asarray([*fit_gain([out_of_fold.adjusted(shift, slope)]), 1.0])
    output.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, output, {"features": json.dumps(NAMES), "scorer": SCORER.name, "depth": str(depth)})
    difference = np.abs(Selector.read(output).log_odds(data["x"]) - model.decision_function(data["x"])).max()
    if difference > 1e-6:
        raise SystemExit(f"the export differs from the model by {difference}")


def held_out(data: dict[str, Any]) -> Steps:
    """Every prefix with the log-odds of a model that has not seen its text."""
    odds = np.empty(len(data["y"]))
    folds = list(GroupKFold(_FOLDS).split(data["x"], groups=data["group"]))
    for seen, unseen in track(folds, "five folds"):
        chosen = np.zeros(len(odds), dtype=bool)
        chosen[seen] = True
        odds[unseen] = _fitted(data, chosen).decision_function(data["x"][unseen])
    return Steps(odds, data["y"], data["share"], data["request"])


def _fitted(data: dict[str, Any], chosen: NDArray[np.bool_]) -> HistGradientBoostingClassifier:
    # Every request weighs the same, however many prefixes it has.
    weight = 1 / np.bincount(data["request"])[data["request"]]
    model = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=_TREES,
        max_leaf_nodes=12,
        min_samples_leaf=60,
        l2_regularization=5.0,
        max_features=0.5,
        monotonic_cst=[int(name in RISING) for name in NAMES],
        early_stopping=False,
        random_state=0,
    )
    return model.fit(data["x"][chosen], data["y"][chosen], weight[chosen] / weight.mean())


if __name__ == "__main__":
    main()
