"""Sensitivity of the answers to each number, and a coordinate search over the declared ranges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from promptpress.arrays import Float64Array
from promptpress.methods.weights import EvidenceWeights, Number, RelevanceWeights, numbers_of
from training.relevance.replay import Weights

NUMBERS = (*numbers_of(RelevanceWeights), *numbers_of(EvidenceWeights))
NEUTRAL: dict[str, float] = {
    "lexical_min": 0,
    "lexical_per_word": 0,
    "lexical_max": 3,
    "lexical_context_free": 0,
    "fertility_from": 1,
    "fertility_slope": 0,
    "fertility_max": 4,
    "lead_from": 0,
    "lead_slope": 0,
    "document_short_query": 0,
    "document_long_query": 0,
    "long_query_from": 20,
    "long_query_ramp": 1,
    "title_mention_units": 1,
    "title_mention_characters": 2,
    "read_share": 1,
    "read_min": 0,
    "read_max": 2800,
    "read_max_lines": 1400,
    "evidence_short_query": 0,
    "evidence_short_query_many": 0.65,
    "evidence_long_query": 0,
    "similarity_long_query": 1,
    "title_mention": 0,
    "few_documents_to": 1,
    "several_documents_from": 6,
    "many_documents_from": 60,
    "long_query_counts_short_many": 0,
    "expansion_units": 1,
    "expansion_temperature": 5,
    "expansion": 0,
    "expansion_same_passage": 1,
}
"""For each number the value with which its rule has no effect: a weight or slope of 0, a limit that is never reached, the
value of the number beside it. Of `read_max` it is twice the default, since no limit at all would take hours."""

Evaluate = Callable[[Weights], Float64Array]
"""From weights to what is kept (items, ratios)."""


@dataclass(frozen=True)
class Sensitivity:
    """What changes when a number is set to its neutral value: `kept` is (items, ratios)."""

    number: Number
    value: float
    kept: Float64Array


def sensitivities(evaluate: Evaluate, numbers: Sequence[Number] = NUMBERS) -> list[Sensitivity]:
    """Each number set to its neutral value, all others as they are shipped."""
    found = []
    for number in numbers:
        value = NEUTRAL[number.name]
        found.append(Sensitivity(number, value, evaluate(Weights().with_number(number.name, _typed(number, value)))))
    return found


def mean_of_sets(kept: Float64Array, datasets: Sequence[str]) -> Float64Array:
    """The mean over sets of the mean of their items; shape (ratios,)."""
    names = np.asarray(datasets)
    return np.asarray(np.mean([kept[names == name].mean(axis=0) for name in dict.fromkeys(datasets)], axis=0))


@dataclass(frozen=True)
class Step:
    """A number that the search changed, and the objective with the new value."""

    name: str
    value: float
    objective: float


def coordinate_search(
    evaluate: Evaluate, datasets: Sequence[str], numbers: Sequence[Number], values: int, least_gain: float = 0.001
) -> tuple[Weights, list[Step]]:
    """Changes one number at a time to the best of `values` values spread evenly over its range.

    The objective is the mean over sets and ratios of what is kept. A number keeps its value unless another is better by
    `least_gain`, so that chance on a few items changes little.
    """
    weights = Weights()
    best = float(mean_of_sets(evaluate(weights), datasets).mean())
    steps = []
    for number in numbers:
        tried = {}
        for value in np.linspace(number.low, number.high, values):
            candidate = weights.with_number(number.name, _typed(number, float(value)))
            if candidate.ordered and candidate != weights:
                tried[candidate] = float(mean_of_sets(evaluate(candidate), datasets).mean())
        top = max(tried, key=lambda each: tried[each], default=weights)
        if top != weights and tried[top] >= best + least_gain:
            weights, best = top, tried[top]
            steps.append(Step(number.name, weights.number(number.name), best))
    return weights, steps


def _typed(number: Number, value: float) -> float:
    return round(value) if number.whole else value
