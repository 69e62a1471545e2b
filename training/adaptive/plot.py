"""How often the answer is kept against the confidence asked, drawn."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

from training.adaptive.calibration import Steps


def draw(
    source: NDArray[np.str_], steps: Steps, asked: Sequence[float], least_gain: Callable[[float], float], output: Path
) -> None:
    """A line for each source (prefixes,) of requests and the mean ratio at each confidence; `steps` are calibrated."""
    figure, (kept, ratio) = pyplot.subplots(1, 2, figsize=(9, 4))
    kept.plot(asked, asked, color="0.6", linewidth=0.8)
    for name in ["all", *np.unique(source)]:
        part = steps.where(np.ones(len(source), dtype=bool) if name == "all" else source == name)
        gains = [least_gain(confidence) for confidence in asked]
        style = {"linewidth": 2.0, "color": "black"} if name == "all" else {"linewidth": 0.9}
        kept.plot(asked, [part.kept(gain) for gain in gains], marker="o", ms=3, label=name, **style)
        ratio.plot(asked, [part.ratio(gain) for gain in gains], marker="o", ms=3, **style)
    kept.set(xlabel="confidence asked", ylabel="answers kept", title="texts not trained on")
    ratio.set(xlabel="confidence asked", ylabel="mean share of the characters kept", yscale="log")
    kept.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(output, dpi=110)
    pyplot.close(figure)
