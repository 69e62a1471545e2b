"""What a stop at a given log-odds comes to, and a calibration from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

FloatArray = NDArray[np.float64]
_MOST = 8.0


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


def isotonic(steps: Steps, knots: int = 40) -> tuple[FloatArray, FloatArray]:
    """Log-odds and what they are worth: rising knots (knots,), fitted to all prefixes but the whole ones."""
    part = ~np.append(steps.request[1:] != steps.request[:-1], True)
    odds, found = steps.log_odds[part], steps.found[part].astype(float)
    known = np.unique(np.quantile(odds, np.linspace(0.002, 0.998, knots)))
    fitted = IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip").fit(odds, found)
    # The mean over a neighbourhood, or the steps of the isotonic fit would make many confidences equal.
    width = np.diff(known).mean() / 2
    chance = np.asarray([fitted.predict(np.linspace(k - width, k + width, 9)).mean() for k in known])
    return known, np.clip(np.log(chance / (1 - chance)), -_MOST, _MOST)
