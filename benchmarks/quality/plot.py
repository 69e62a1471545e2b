"""The benchmark's outcomes as a picture: share kept against ratio, a line for each method, a panel for each data set."""

import statistics
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.quality.outcome import Outcome

_COLUMNS = 5


def draw(outcomes: list[Outcome], path: Path) -> None:
    """Write the figure as PNG."""
    scores: dict[str, dict[str, dict[float, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for outcome in outcomes:
        if outcome.kept is not None:
            scores[outcome.dataset][outcome.method][outcome.ratio].append(outcome.kept)
            scores["all"][outcome.method][outcome.ratio].append(outcome.kept)
    if not scores:
        return
    panels = ["all", *(name for name in scores if name != "all")]
    rows = -(-len(panels) // _COLUMNS)
    figure, axes = plt.subplots(rows, _COLUMNS, figsize=(3.1 * _COLUMNS, 2.5 * rows), sharey=True, squeeze=False)
    methods = list(dict.fromkeys(outcome.method for outcome in outcomes))
    for axis, panel in zip(axes.flat, panels, strict=False):
        for method in methods:
            points = sorted(scores[panel][method].items())
            label = f"{method}, {_median_ms(outcomes, method):.0f} ms" if panel == "all" else None
            style = {"linewidth": 2.2, "zorder": 3} if method == "auto" else {"linewidth": 1.1}
            axis.plot(
                [r for r, _ in points], [statistics.fmean(v) for _, v in points], marker="o", ms=3, label=label, **style
            )
        axis.set_title("all items" if panel == "all" else panel, fontsize=9)
        axis.set_xscale("log", base=2)
        axis.set_xticks([r for r, _ in points], [f"{r:.2g}" for r, _ in points], fontsize=7)
        axis.set_ylim(0, 1.03)
        axis.grid(alpha=0.3)
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.supxlabel("tokens after / tokens before", fontsize=9)
    figure.supylabel("answers kept", fontsize=9)
    figure.legend(loc="lower right", fontsize=8, title="method, median time with new documents", title_fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _median_ms(outcomes: list[Outcome], method: str) -> float:
    return 1000 * statistics.median(o.seconds for o in outcomes if o.method == method and o.cold)
