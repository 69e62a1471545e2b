"""The overload as a picture: every answer by the second it was due, the memory, and the latencies by clients."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.load.overload import FACTOR, Overload
from benchmarks.load.protocols import CLIENTS, Cells
from benchmarks.load.verdicts import MOST_SLOWDOWN


def draw(cells: Cells, overload: Overload, path: Path) -> None:
    """Write the figure as PNG."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13.5, 3.6))
    _latencies(left, cells)
    _answers(middle, overload)
    right.plot([at for at, _ in overload.memory], [mb for _, mb in overload.memory], color="tab:purple")
    right.set_ylim(0, 1.3 * max(mb for _, mb in overload.memory))
    right.set_title(f"memory at {FACTOR:g} times the capacity", fontsize=9)
    right.set_xlabel("seconds", fontsize=8)
    right.set_ylabel("resident MB", fontsize=8)
    for axis in (left, middle, right):
        axis.grid(alpha=0.3)
        axis.tick_params(labelsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _latencies(axis: Axes, cells: Cells) -> None:
    for (protocol, kind), colour in zip(
        dict.fromkeys(key[:2] for key in cells), ("tab:blue", "tab:cyan", "tab:red", "tab:orange"), strict=True
    ):
        for share, style in ((0.50, "-"), (0.99, ":")):
            points = [cells[protocol, kind, clients].milliseconds(share) for clients in CLIENTS]
            label = f"{protocol}, {kind}" if share == 0.50 else None
            axis.plot(CLIENTS, points, style, marker="o", ms=3, color=colour, label=label)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks(CLIENTS, [str(clients) for clients in CLIENTS])
    axis.set_title("time of a request: p50, and p99 dotted", fontsize=9)
    axis.set_xlabel("clients", fontsize=8)
    axis.set_ylabel("ms", fontsize=8)
    axis.legend(fontsize=7)


def _answers(axis: Axes, overload: Overload) -> None:
    for status, colour, label in ((429, "tab:orange", "429"), (200, "tab:blue", "200")):
        some = [each for each in overload.high.requests if each.answer.status == status]
        axis.plot([each.due for each in some], [1000 * each.seconds for each in some], ".", ms=3, color=colour, label=label)
    limit = MOST_SLOWDOWN * overload.low.milliseconds(0.99)
    axis.axhline(limit, color="tab:red", linewidth=1, label=f"{MOST_SLOWDOWN:g} times the p99 of low load")
    axis.axhline(overload.high.milliseconds(0.99), color="tab:blue", linewidth=1, linestyle="--", label="p99 of 200")
    axis.set_title(f"answers at {FACTOR:g} times the capacity", fontsize=9)
    axis.set_xlabel("seconds", fontsize=8)
    axis.set_ylabel("ms", fontsize=8)
    axis.legend(fontsize=7)
