"""What can be seen of each prefix of an order without reading the answer: the selector's inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.arrays import Float64Array
from promptpress.content import Passage
from promptpress.methods.acc_rag.question import AnswerType, answer_type, contains_answer_type, names, several_steps
from promptpress.scores import Scored, UnitRef, standardise
from promptpress.text.lexical import terms, words

NAMES = (
    "log_units",
    "log_kept_units",
    "log_kept_characters",
    "log_kept_share",
    "best_score",
    "next_score",
    "best",
    "lead_of_best",
    "last",
    "next",
    "drop_after_last",
    "fall_to_next",
    "mass_wide",
    "mass_narrow",
    "log_passages",
    "log_passages_touched",
    "best_relevance",
    "relevance",
    "lead_of_best_passage",
    "best_passage_outside",
    "passage_mass",
    "kept_of_best_passage",
    "kept_of_touched_passages",
    "coverage",
    "coverage_of_all",
    "coverage_of_one",
    "coverage_left",
    "coverage_next",
    "shows_kind_first",
    "shows_kind",
    "shows_kind_mass",
    "kind_in_all",
    "question_words",
    "question_names",
    "several_steps",
    *(f"wants_{kind.name.lower()}" for kind in AnswerType),
)
"""One for each column of `features`."""
RISING = frozenset({"log_kept_units", "log_kept_characters", "log_kept_share", "mass_wide", "mass_narrow", "coverage"})
"""Features of which more can only make it likelier that the answer is there."""

_FEW = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112)
_WIDE, _NARROW = 1.0, 3.0


def prefix_sizes(units: int) -> list[int]:
    """Sizes of prefixes to decide at, in units: fine at first, then about six to a doubling halved, and last everything."""
    sizes = [size for size in _FEW if size < units]
    while sizes and sizes[-1] >= _FEW[-1] and int(sizes[-1] * 1.2) < units:
        sizes.append(int(sizes[-1] * 1.2))
    return [*sizes, units] if units else []


def shares(passages: Sequence[Passage], order: Sequence[UnitRef]) -> Float64Array:
    """Share of all units' characters that the first n + 1 units of the order hold, at n; shape (len(order),)."""
    characters = np.cumsum(_lengths(passages, order))
    return np.asarray(characters / characters[-1]) if len(order) else characters


@dataclass(frozen=True)
class _Question:
    terms: dict[str, int]
    kind: AnswerType
    asked: frozenset[str]


def features(passages: Sequence[Passage], scored: Scored, order: Sequence[UnitRef], query: str) -> NDArray[np.float32]:
    """Shape (prefix_sizes(len(order)), len(NAMES)); depends on texts, scores and the query only, never on a budget.

    Beside the scores as they are, they are used standardised over the request's units, so that another scorer needs only
    another training run.
    """
    if not order:
        return np.empty((0, len(NAMES)), dtype=np.float32)
    question = _Question(
        {t: i for i, t in enumerate(dict.fromkeys(terms(query)))}, answer_type(query), frozenset(words(query))
    )
    ends = np.asarray(prefix_sizes(len(order)))
    last = ends - 1
    places = np.asarray(order)
    raw = np.asarray([scored.units[p][u] for p, u in order], dtype=np.float64)
    standard = standardise(raw)
    following = np.append(standard, standard[-1] - 1.0)
    raw_following = np.append(raw, raw[-1] - 1.0)
    lengths = _lengths(passages, order)
    characters = np.cumsum(lengths)
    wide, narrow = _mass(standard, _WIDE), _mass(standard, _NARROW)
    columns: dict[str, Float64Array | float] = {
        "log_units": np.log1p(len(order)),
        "log_kept_units": np.log(ends),
        "log_kept_characters": np.log(characters[last]),
        "log_kept_share": np.log(characters[last] / characters[-1]),
        "best_score": raw[0],
        "next_score": raw_following[ends],
        "best": standard[0],
        "lead_of_best": standard[0] - following[1],
        "last": standard[last],
        "next": following[ends],
        "drop_after_last": standard[last] - following[ends],
        "fall_to_next": standard[0] - following[ends],
        "mass_wide": np.cumsum(wide)[last],
        "mass_narrow": np.cumsum(narrow)[last],
        "question_words": len(question.asked),
        "question_names": names(query),
        "several_steps": several_steps(query),
    }
    columns |= _of_passages(scored, places, lengths, ends)
    columns |= _coverage(passages, order, question, last)
    columns |= _kind(passages, order, question, narrow, last)
    columns |= {f"wants_{kind.name.lower()}": float(question.kind is kind) for kind in AnswerType}
    return np.stack([np.broadcast_to(columns[name], ends.shape) for name in NAMES], axis=1).astype(np.float32)


def _lengths(passages: Sequence[Passage], order: Sequence[UnitRef]) -> Float64Array:
    return np.asarray([passages[p].units[u].end - passages[p].units[u].start for p, u in order], dtype=np.float64)


def _of_passages(
    scored: Scored, places: NDArray[np.int64], lengths: Float64Array, ends: NDArray[np.int64]
) -> dict[str, Float64Array | float]:
    owner = places[:, 0]
    if scored.passages is None:
        relevance = np.asarray([scores.max() if len(scores) else 0.0 for scores in scored.units], dtype=np.float64)
    else:
        relevance = scored.passages.astype(np.float64)
    present = np.unique(owner)
    standard = np.full(len(relevance), -np.inf)
    standard[present] = standardise(relevance[present])
    mass = np.zeros(len(relevance))
    mass[present] = _mass(standard[present], _WIDE)
    ranked = present[np.argsort(-standard[present], kind="stable")]
    best = ranked[0]
    totals = np.bincount(owner, lengths, len(relevance))
    kept_of_best = np.cumsum(np.where(owner == best, lengths, 0)) / totals[best]
    first_seen = np.zeros(len(owner), dtype=bool)
    first_seen[np.unique(owner, return_index=True)[1]] = True
    touched = np.cumsum(first_seen)
    size_touched = np.cumsum(np.where(first_seen, totals[owner], 0))
    # The best passage that a prefix does not touch: the first in the ranking whose first unit comes later.
    first_at = np.full(len(relevance), len(owner))
    first_at[owner[first_seen]] = np.flatnonzero(first_seen)
    outside = np.empty(len(ends))
    pointer = 0
    for row, end in enumerate(ends):
        while pointer < len(ranked) and first_at[ranked[pointer]] < end:
            pointer += 1
        outside[row] = standard[ranked[pointer]] if pointer < len(ranked) else standard[ranked[-1]] - 1.0
    last = ends - 1
    return {
        "log_passages": np.log1p(len(present)),
        "log_passages_touched": np.log(touched[last]),
        "best_relevance": relevance[best],
        "relevance": standard[best],
        "lead_of_best_passage": standard[best] - (standard[ranked[1]] if len(ranked) > 1 else -1.0),
        "best_passage_outside": outside,
        "passage_mass": np.cumsum(np.where(first_seen, mass[owner], 0))[last],
        "kept_of_best_passage": kept_of_best[last],
        "kept_of_touched_passages": (np.cumsum(lengths) / size_touched)[last],
    }


def _coverage(
    passages: Sequence[Passage], order: Sequence[UnitRef], question: _Question, last: NDArray[np.int64]
) -> dict[str, Float64Array | float]:
    """Share of the question's terms, weighed by rarity over the units, that the prefix holds, titles included."""
    titles = [[question.terms[t] for t in terms(p.title) if t in question.terms] for p in passages]
    holds = np.zeros((len(order), max(1, len(question.terms))), dtype=bool)
    for row, (p, u) in enumerate(order):
        holds[row, [question.terms[t] for t in terms(passages[p].slice(u)) if t in question.terms] + titles[p]] = True
    weight = np.log1p((len(order) - holds.sum(axis=0) + 0.5) / (holds.sum(axis=0) + 0.5))
    weight = weight / max(weight.sum(), 1e-9)
    together = np.logical_or.accumulate(holds, axis=0)[last] @ weight
    alone = np.maximum.accumulate(holds @ weight)
    return {
        "coverage": together,
        "coverage_of_all": together[-1],
        "coverage_of_one": alone[last],
        "coverage_left": together[-1] - together,
        "coverage_next": np.append(together[1:], together[-1]) - together,
    }


def _kind(
    passages: Sequence[Passage], order: Sequence[UnitRef], question: _Question, mass: Float64Array, last: NDArray[np.int64]
) -> dict[str, Float64Array | float]:
    """Where something of the kind that the question asks for stands."""
    found = np.asarray(
        [contains_answer_type(passages[p].slice(u), question.kind, question.asked) for p, u in order], dtype=np.float64
    )
    return {
        "shows_kind_first": found[0],
        "shows_kind": np.log1p(np.cumsum(found))[last],
        "shows_kind_mass": np.cumsum(found * mass)[last],
        "kind_in_all": found.mean(),
    }


def _mass(standard: Float64Array, sharpness: float) -> Float64Array:
    powers = np.exp(sharpness * (standard - standard.max()))
    return np.asarray(powers / powers.sum())
