"""What a stop at a given log-odds comes to, and a calibration from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """Prefixes of many requests, each request's together and smallest first; all arrays (prefixes,).

    `log_odds` of the selector, `found` whether the answer is in it, `share` of the whole that it is, `request` its number.
    """

    log_odds: FloatArray
    found: NDArray[np.bool_]
    share: FloatArray
    request: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> "Steps":
        """Those of some requests, chosen with all their prefixes."""
        return Steps(self.log_odds[chosen], self.found[chosen], self.share[chosen], self.request[chosen])

    def first(self, threshold: float) -> NDArray[np.int64]:
        """For each request the index of its first prefix at or above the threshold, of its last where there is none."""
        last = np.append(self.request[1:] != self.request[:-1], True)
        stops = np.flatnonzero((self.log_odds >= threshold) | last)
        return stops[np.unique(self.request[stops], return_index=True)[1]]

    def kept(self, threshold: float) -> float:
        """Share of the requests that keep their answer when each stops at the threshold."""
        return float(self.found[self.first(threshold)].mean())

    def ratio(self, threshold: float) -> float:
        """Mean share of the whole that is kept then."""
        return float(self.share[self.first(threshold)].mean())


def platt(steps: Steps) -> tuple[float, float]:
    """The shift and slope that make log-odds true (Platt 1999), over all prefixes but the whole ones."""
    part = ~np.append(steps.request[1:] != steps.request[:-1], True)
    fitted = LogisticRegression(C=1e6).fit(steps.log_odds[part, None], steps.found[part])
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def log_odds(chance: float) -> float:
    """The log-odds of a chance."""
    return float(np.log(chance / (1 - chance)))
