"""Where to stop: the prefix after which more text is not worth what it costs."""

import numpy as np

from promptpress.arrays import Float64Array


def rising(log_odds: Float64Array) -> Float64Array:
    """Confidences of one order's prefixes (prefixes,), smallest first: never falling, and 1 for the whole."""
    confidences = np.maximum.accumulate(1 / (1 + np.exp(-log_odds)))
    confidences[-1] = 1.0
    return np.asarray(confidences)


def least_gain(confidence: float, factor: float, power: float) -> float:
    """What a further piece of text must add to the confidence, for each share of the whole that it is, to be kept."""
    return float(factor * (1 - confidence) ** power)


def best_step(confidences: Float64Array, shares: Float64Array, least_gain: float) -> int:
    """Index of the prefix with the highest confidence less `least_gain` times its share of the text; the shortest of equals.

    `confidences` and `shares` are (prefixes,), the whole last. Stopping where every question gains the same from a further
    piece of text keeps the most answers for a given mean ratio: a question on which more text does little good leaves
    its share to one on which it does. Stopping all at one confidence instead spends most on the hopeless.
    """
    return int(np.argmax(confidences - least_gain * shares))
