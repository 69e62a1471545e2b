"""The benchmark's stops as Markdown."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.adaptive.stops import Stop, curve, kept_at, kept_share, mean_ratio

DEFAULT = 0.95


def markdown(stops: Sequence[Stop]) -> str:
    """Reliability, the ratios chosen, and the fixed ratios at the same mean ratio."""
    adaptive = [stop for stop in stops if stop.stopped is not None]
    datasets = list(dict.fromkeys(stop.dataset for stop in stops))
    return "\n".join([*_reliability(adaptive, datasets), "", *_ratios(adaptive, datasets), "", *_fixed(stops, datasets), ""])


def _reliability(stops: Sequence[Stop], datasets: Sequence[str]) -> list[str]:
    asked = sorted({stop.asked for stop in stops})
    lines = [
        "Answers kept (mean ratio) at each confidence asked, without a target.",
        "",
        "| data set | items | " + " | ".join(f"{confidence:g}" for confidence in asked) + " |",
        "|---" * (len(asked) + 2) + "|",
    ]
    for dataset in datasets:
        groups = [[s for s in stops if s.dataset == dataset and s.asked == confidence] for confidence in asked]
        cells = [f"{kept_share(group):.3f} ({mean_ratio(group):.3f})" for group in groups]
        lines.append(f"| {dataset} | {len(groups[0])} | " + " | ".join(cells) + " |")
    return lines


def _ratios(stops: Sequence[Stop], datasets: Sequence[str]) -> list[str]:
    lines = [
        f"Ratios chosen at confidence {DEFAULT:g}.",
        "",
        "| data set | mean | 10th centile | median | 90th centile | different steps | unsure | mean confidence given |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for dataset in datasets:
        group = [s for s in stops if s.dataset == dataset and s.asked == DEFAULT]
        low, middle, high = np.quantile([s.ratio for s in group], [0.1, 0.5, 0.9])
        unsure = Counter(s.stopped for s in group)["unsure"] / len(group)
        given = float(np.mean([s.confidence or 0.0 for s in group]))
        lines.append(
            f"| {dataset} | {mean_ratio(group):.3f} | {low:.3f} | {middle:.3f} | {high:.3f} | "
            f"{len({s.step for s in group})} | {unsure:.3f} | {given:.3f} |"
        )
    return lines


def _fixed(stops: Sequence[Stop], datasets: Sequence[str]) -> list[str]:
    fixed = list(dict.fromkeys(stop.method for stop in stops if stop.stopped is None))
    chosen = next(stop.method for stop in stops if stop.stopped is not None)
    lines = [
        f"Answers kept at the mean ratio that `{chosen}` chose at confidence {DEFAULT:g} (fixed ratios interpolated); "
        "bold: best.",
        "",
        f"| data set | mean ratio | `{chosen}` | " + " | ".join(f"`{method}`" for method in fixed) + " |",
        "|---" * (len(fixed) + 3) + "|",
    ]
    for dataset in datasets:
        ratio, own = next((r, k) for asked, r, k in curve(stops, dataset, chosen) if asked == DEFAULT)
        measured = [curve(stops, dataset, method) for method in fixed]
        shares = [own, *(kept_at(points, ratio) if points else None for points in measured)]
        best = max(share for share in shares if share is not None)
        cells = ["" if share is None else f"**{share:.3f}**" if share == best else f"{share:.3f}" for share in shares]
        lines.append(f"| {dataset} | {ratio:.3f} | " + " | ".join(cells) + " |")
    return lines
