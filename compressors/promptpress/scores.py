"""Scores of units: what methods return, what the cut reads, and what caches keep between requests."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from promptpress.content import Passage
from promptpress.content.kinds import LAST_KINDS, PROSE_KINDS

ScoreArray = NDArray[np.float32]
"""Scores of the units of one passage (units,), or of all units of a request one after the other; higher = keep."""
Tiers = NDArray[np.int8]
"""For each unit of one passage (units,) the group it is ranked in: all of a higher tier come before all of a lower one."""
FloatT = TypeVar("FloatT", bound=np.floating[Any])

SCORE_DECIMALS = 5
"""Scores are ranked as rounded to so many decimals, so that the last bits of float arithmetic decide nothing."""
_EQUAL_WITHIN = 1e-6
"""The deviation up to which all values count as the same."""


class UnitRef(NamedTuple):
    """One unit of a request: the index of its passage, and its own index in that passage."""

    passage: int
    unit: int


@dataclass(frozen=True)
class Scored:
    """What a method finds out about a request, whatever the budget.

    `units`: for each passage a float32 array (units,), higher = keep. `passages`: relevance of each passage (passages,), if
    the method knows one. `details` goes into the response under `method_details`. `tiers`: for each passage the tiers of
    its units, None if all are in one.
    """

    units: list[ScoreArray]
    passages: ScoreArray | None = None
    details: dict[str, Any] = field(default_factory=dict)
    tiers: list[Tiers] | None = None

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """Every array of it."""
        whole = [] if self.passages is None else [self.passages]
        return [*self.units, *whole, *(self.tiers or [])]


class ScoreCache(Protocol):
    """Keeps scores between requests."""

    def get(self, key: bytes) -> Scored | None:
        """The scores stored under `key`; None if there are none, or none any more."""

    def put(self, key: bytes, scored: Scored) -> None:
        """Store scores; older entries may be evicted."""


def unit_refs(passages: Sequence[Passage]) -> list[UnitRef]:
    """Every unit of the request in reading order."""
    return [UnitRef(p, u) for p, passage in enumerate(passages) for u in range(len(passage.units))]


def ranking(
    passages: Sequence[Passage], scores: Sequence[ScoreArray], tiers: Sequence[Tiers] | None = None
) -> list[UnitRef]:
    """As `ranked`, without structural units and with repetitions last.

    A sentence that repeats a better-ranked one word for word comes after all that add something new, and what has no words
    to read (base64, scripts) after that.
    """
    unreadable: list[UnitRef] = []
    seen: set[str] = set()
    first: list[UnitRef] = []
    again: list[UnitRef] = []
    for ref in ranked(passages, scores, tiers):
        passage = passages[ref.passage]
        unit = passage.units[ref.unit]
        if unit.structural:
            continue
        if unit.kind in LAST_KINDS:
            unreadable.append(ref)
            continue
        text = passage.slice(ref.unit)
        (again if unit.kind in PROSE_KINDS and text in seen else first).append(ref)
        seen.add(text)
    return first + again + unreadable


def ranked(passages: Sequence[Passage], scores: Sequence[ScoreArray], tiers: Sequence[Tiers] | None = None) -> list[UnitRef]:
    """Every unit of the request, best first: by tier, then by score, ties to the earlier unit."""
    refs = unit_refs(passages)
    values = np.asarray([scores[p][u] for p, u in refs], dtype=np.float64).round(SCORE_DECIMALS)
    if tiers is None:
        order = np.argsort(-values, kind="stable")
    else:
        order = np.lexsort((-values, -np.asarray([tiers[p][u] for p, u in refs], dtype=np.int64)))
    return [refs[index] for index in order]


def best_units(scored: Scored, keep: int) -> list[set[int]]:
    """The `keep` best-scored units over all passages, ties to the earlier one, as a set for each passage."""
    sizes = [len(scores) for scores in scored.units]
    flat = np.concatenate(scored.units) if scored.units else np.empty(0, dtype=np.float32)
    chosen = np.argsort(-flat.astype(np.float64).round(SCORE_DECIMALS), kind="stable")[: max(keep, 0)]
    offsets = np.cumsum([0, *sizes])
    kept: list[set[int]] = [set() for _ in sizes]
    for passage, index in zip(np.searchsorted(offsets, chosen, side="right") - 1, chosen, strict=True):
        kept[passage].add(int(index - offsets[passage]))
    return kept


def within_margin(scored: Scored, margin: float) -> list[set[int]]:
    """The units whose score is at most `margin` below the best one's, as a set for each passage."""
    best = max((float(scores.max()) for scores in scored.units if len(scores)), default=0.0)
    return [set(np.flatnonzero(scores >= best - margin).tolist()) for scores in scored.units]


def per_passage(passages: Sequence[Passage], flat: ScoreArray) -> list[ScoreArray]:
    """Scores of all units (units,) cut into one array for each passage."""
    edges = np.cumsum([0, *(len(passage.units) for passage in passages)])
    return [flat[a:b] for a, b in itertools.pairwise(edges)]


def positions(passages: Sequence[Passage]) -> list[ScoreArray]:
    """Ascending numbers over all units in reading order, for methods that go by position."""
    arrays, start = [], 0
    for passage in passages:
        arrays.append(np.arange(start, start + len(passage.units), dtype=np.float32))
        start += len(passage.units)
    return arrays


def standardise(values: NDArray[FloatT]) -> NDArray[FloatT]:
    """Zero mean and unit deviation, in the type of the input; all zeros where the values do not differ."""
    deviation = values.std() if len(values) else values.dtype.type(0)
    return (values - values.mean()) / deviation if deviation > _EQUAL_WITHIN else np.zeros_like(values)
