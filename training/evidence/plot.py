"""The loss of a run, drawn."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot


def draw(log: Path, output: Path) -> None:
    """Plot every step's loss and its running mean over 50 steps from `log.csv`."""
    with log.open(newline="") as file:
        records = [(int(r["step"]), float(r["loss"])) for r in csv.DictReader(file)]
    steps, losses = np.asarray(records).T
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.plot(steps, losses, color="lightgrey", linewidth=0.8)
    width = min(50, len(losses))
    axes.plot(steps[width - 1 :], np.convolve(losses, np.ones(width) / width, "valid"), color="tab:blue")
    axes.set(xlabel="step", ylabel="loss", title="Training of the evidence model")
    figure.tight_layout()
    figure.savefig(output, dpi=120)
    pyplot.close(figure)
