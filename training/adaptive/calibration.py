"""What stopping at a given least gain comes to, and the numbers that make it come to what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from promptpress.arrays import Float64Array
from promptpress.methods.acc_rag.stopping import best_step, least_gain, rising

ASKED = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
_MARGIN = 0.02
"""What is aimed at above the confidence asked, so that chance does not put a set below it; half of what is left at most."""
_GAINS = np.geomspace(0.3, 300, 60)
_POWER = 1.5
"""Fitted too, it came out between 1.25 and 1.75 by chance of the sample, and swung the other number with it."""


@dataclass(frozen=True)
class Steps:
    """Prefixes of many requests, each request's together and smallest first; all arrays (prefixes,).

    `log_odds` of the selector, `found` whether the answer is in it, `share` of the whole that it is, `request` its number.
    """

    log_odds: Float64Array
    found: NDArray[np.bool_]
    share: Float64Array
    request: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> "Steps":
        """Those of some requests, chosen with all their prefixes."""
        return Steps(self.log_odds[chosen], self.found[chosen], self.share[chosen], self.request[chosen])

    def adjusted(self, shift: float, slope: float = 1.0) -> "Steps":
        """The same prefixes with other log-odds."""
        return replace(self, log_odds=shift + slope * self.log_odds)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Index of each request's first prefix."""
        return np.flatnonzero(np.append(True, self.request[1:] != self.request[:-1]))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Number of each request's prefixes."""
        return np.diff(np.append(self.starts, len(self.request)))

    @cached_property
    def confidences(self) -> Float64Array:
        """As the selector gives them, unrounded."""
        return np.concatenate([rising(each) for each in np.split(self.log_odds, self.starts[1:])])

    def stops(self, least_gain: float) -> NDArray[np.int64]:
        """For each request the index of the prefix that it stops at."""
        requests = zip(np.split(self.confidences, self.starts[1:]), np.split(self.share, self.starts[1:]), strict=True)
        steps = [best_step(confidences, shares, least_gain) for confidences, shares in requests]
        return self.starts + np.asarray(steps, dtype=np.int64)

    def kept(self, least_gain: float) -> float:
        """Share of the requests that keep their answer then."""
        return float(self.found[self.stops(least_gain)].mean())

    def ratio(self, least_gain: float) -> float:
        """Mean share of the whole that is kept then."""
        return float(self.share[self.stops(least_gain)].mean())

    def parts(self) -> tuple[NDArray[np.bool_], Float64Array]:
        """Which prefixes are not the whole, and weights of those by which every request counts the same."""
        part = np.append(self.request[1:] == self.request[:-1], False)
        return part, 1 / (self.sizes.repeat(self.sizes)[part] - 1)


def platt(steps: Steps) -> tuple[float, float]:
    """The shift and slope that make log-odds true (Platt 1999), over all prefixes but the whole ones."""
    part, weight = steps.parts()
    fitted = LogisticRegression(C=1e6).fit(steps.log_odds[part, None], steps.found[part], weight / weight.mean())
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def fit_shift(steps: Steps, shifts: Float64Array) -> float:
    """Of some shifts the one that makes log-odds truest, by likelihood over all prefixes but the whole ones."""
    part, weight = steps.parts()
    sign = np.where(steps.found[part], -1.0, 1.0)

    def loss(shift: float) -> float:
        return float((weight * np.logaddexp(0, sign * (shift + steps.log_odds[part]))).sum())

    return float(min(shifts, key=loss))


def fit_gain(groups: Sequence[Steps]) -> tuple[float, float]:
    """Factor and power of Selector.least_gain; with the factor answers kept come nearest to what is asked."""
    return float(min(_GAINS, key=lambda factor: _error(groups, factor, _POWER))), _POWER


def fit_gain_factor(groups: Sequence[Steps], gain: tuple[float, float], factors: Float64Array) -> float:
    """Of some factors of the gain the one with which answers kept come nearest to what is asked."""
    return float(min(factors, key=lambda factor: _error(groups, factor * gain[0], gain[1])))


def _error(groups: Sequence[Steps], factor: float, power: float) -> float:
    return sum(
        (steps.kept(least_gain(asked, factor, power)) - asked - min(_MARGIN, (1 - asked) / 2)) ** 2
        for steps in groups
        for asked in ASKED
    )
