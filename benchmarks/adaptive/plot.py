"""The benchmark's stops as a picture: reliability, the ratios chosen, and a panel for each set against fixed ratios."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.adaptive.stops import Stop, curve
from benchmarks.adaptive.table import DEFAULT

_COLUMNS = 4
_ALLOWED = 0.03
_TICKS = (0.03, 0.06, 0.12, 0.25, 0.5)


def draw(stops: Sequence[Stop], path: Path) -> None:
    """Write the figure as PNG."""
    adaptive = [stop for stop in stops if stop.stopped is not None]
    datasets = list(dict.fromkeys(stop.dataset for stop in stops))
    methods = list(dict.fromkeys(stop.method for stop in stops))
    rows = -(-(len(datasets) + 2) // _COLUMNS)
    figure, axes = plt.subplots(rows, _COLUMNS, figsize=(3.6 * _COLUMNS, 3.1 * rows), squeeze=False)
    reliability, ratios, *panels = axes.flat
    asked = np.asarray(sorted({stop.asked for stop in adaptive}))
    reliability.fill_between(asked, asked - _ALLOWED, asked + _ALLOWED, color="0.9")
    reliability.plot(asked, asked, color="0.6", linewidth=0.8)
    for dataset in datasets:
        points = curve(adaptive, dataset, adaptive[0].method)
        reliability.plot([a for a, _, _ in points], [k for _, _, k in points], marker="o", ms=3, label=dataset)
        group = [stop.ratio for stop in adaptive if stop.dataset == dataset and stop.asked == DEFAULT]
        ratios.plot(np.sort(group), np.linspace(0, 1, len(group)), label=dataset)
    reliability.set(title="reliability", xlabel="confidence asked", ylabel="answers kept")
    reliability.legend(fontsize=6)
    ratios.set(title=f"ratios chosen at {DEFAULT:g}", xlabel="ratio", ylabel="share of questions at or below", xscale="log")
    for panel, dataset in zip(panels, datasets, strict=False):
        for method in methods:
            points = curve(stops, dataset, method)
            width = 2.2 if method == adaptive[0].method else 1.0
            panel.plot(
                [r for _, r, _ in points], [k for _, _, k in points], marker="o", ms=2.5, linewidth=width, label=method
            )
        panel.set(title=dataset, xscale="log", ylim=(0, 1.03), xlabel="mean ratio")
        panel.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].legend(fontsize=6, loc="lower right")
    for panel in panels[len(datasets) :]:
        panel.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
