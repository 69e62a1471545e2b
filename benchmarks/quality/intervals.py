"""How far a mean over a sample of items may be from that over all such items."""

from collections.abc import Sequence

import numpy as np

_RESAMPLES = 2000


def bootstrap_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (Efron 1979), with a fixed seed. Raises ValueError without values."""
    if not values:
        raise ValueError("an interval needs at least one value")
    sample = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(0).integers(0, len(sample), (_RESAMPLES, len(sample)))
    low, high = np.quantile(sample[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
