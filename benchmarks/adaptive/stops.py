"""Where a method stopped on one item, and what many of them come to."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Stop:
    """One item. `asked` is the confidence of a method that chooses its ratio, the ratio of one that does not; the last three
    come from the response and are None without a stop.
    """

    item: str
    dataset: str
    method: str
    asked: float
    kept: bool
    tokens_before: int
    tokens_after: int
    confidence: float | None = None
    step: int | None = None
    stopped: str | None = None

    @property
    def ratio(self) -> float:
        """Tokens after / tokens before."""
        return self.tokens_after / max(1, self.tokens_before)


def kept_share(stops: Sequence[Stop]) -> float:
    """Share of the items whose answer is still there."""
    return statistics.fmean(stop.kept for stop in stops)


def mean_ratio(stops: Sequence[Stop]) -> float:
    """Mean over items of tokens after / tokens before."""
    return statistics.fmean(stop.ratio for stop in stops)


def curve(stops: Sequence[Stop], dataset: str, method: str) -> list[tuple[float, float, float]]:
    """(asked, mean ratio, answers kept) of a method on a set, by what was asked."""
    points = []
    for asked in sorted({stop.asked for stop in stops if stop.dataset == dataset and stop.method == method}):
        group = [s for s in stops if s.dataset == dataset and s.method == method and s.asked == asked]
        points.append((asked, mean_ratio(group), kept_share(group)))
    return points


def kept_at(points: Sequence[tuple[float, float, float]], ratio: float) -> float:
    """Answers kept at a mean ratio, between measured points along the logarithm of the ratio; at ratio 1 everything is."""
    ratios = [r for _, r, _ in points] + [1.0]
    shares = [k for _, _, k in points] + [1.0]
    order = np.argsort(ratios)
    return float(np.interp(np.log(ratio), np.log(np.maximum(ratios, 1e-4))[order], np.asarray(shares)[order]))
