"""The losses of a run, drawn."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot


def draw(log: Path, output: Path) -> None:
    """Plot every step's loss, the running means of both exits over 50 steps, and the loss on held-out text."""
    with log.open(newline="") as file:
        records = list(csv.DictReader(file))
    steps = np.asarray([int(record["step"]) for record in records])
    figure, axes = pyplot.subplots(figsize=(7, 4))
    width = min(50, len(records))
    for name, colour in (("loss", "tab:blue"), ("exit_loss", "tab:orange")):
        values = np.asarray([float(record[name]) for record in records])
        if name == "loss":
            axes.plot(steps, values, color="lightgrey", linewidth=0.6)
        label = "all layers" if name == "loss" else "early exit"
        axes.plot(steps[width - 1 :], np.convolve(values, np.ones(width) / width, "valid"), color=colour, label=label)
    held_out = [(int(record["step"]), float(record["held_out"])) for record in records if record["held_out"]]
    if held_out:
        axes.plot(*np.asarray(held_out).T, "o", color="tab:green", markersize=3, label="held-out text")
    axes.set(xlabel="step", ylabel="nats a token", title="Training of the embedded language model")
    axes.legend()
    figure.tight_layout()
    figure.savefig(output, dpi=120)
    pyplot.close(figure)
