"""From scores to the units that are kept: never over the budget, as close below it as whole units allow."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.content import Passage
from promptpress.content.kinds import PROSE_KINDS
from promptpress.content.render import render
from promptpress.errors import BudgetInfeasible
from promptpress.runtime.cancellation import check

Place = tuple[int, int]
"""(passage, unit)"""
SCORE_DECIMALS = 5
_FILL_ROUNDS = 16


@dataclass
class Selection:
    """Kept units of each passage, closed under `requires`, and what they cost."""

    kept: list[set[int]]
    tokens: int


class UnitSelector:
    """Selects units of several passages against one budget, counting the rendered text exactly.

    Token counts do not add up over concatenation, so costs of single units only guide the search; every decision is
    checked on the final text.
    """

    def __init__(self, passages: Sequence[Passage], count: Callable[[str], int]) -> None:
        self._passages = passages
        self._count = count
        self._smallest: int | None = None
        self._unit_costs: dict[Place, int] = {}
        self._passage_costs: dict[tuple[int, frozenset[int]], int] = {}

    def close(self, places: Iterable[Place]) -> list[set[int]]:
        """Add everything that the places require."""
        kept: list[set[int]] = [set() for _ in self._passages]
        for place in places:
            self._add(place, kept)
        return kept

    def tokens(self, kept: Sequence[Set[int]]) -> int:
        """Exact tokens of the rendered passages together."""
        total = 0
        for index, units in enumerate(kept):
            if units:
                check()
                key = (index, frozenset(units))
                if key not in self._passage_costs:
                    self._passage_costs[key] = self._count(render(self._passages[index], units).text)
                total += self._passage_costs[key]
        return total

    def select(
        self,
        scores: Sequence[NDArray[np.float32]],
        protected: Sequence[Set[int]],
        budget: int,
        fill: bool = True,
        refused: Set[Place] = frozenset(),
    ) -> Selection:
        """Keep the protected units, then the best-scored ones that fit and are not refused.

        Ties go to the earlier unit. With `fill`, a unit that does not fit is skipped and the next best tried; without, the
        first that does not fit ends the selection. Raises BudgetInfeasible if the protected units alone exceed the budget.
        """
        forced = [(p, u) for p, units in enumerate(protected) for u in sorted(units)]
        kept = self.close(forced)
        tokens = self.tokens(kept)
        if tokens > budget:
            raise BudgetInfeasible(
                f"protected text alone takes {tokens} tokens; the target allows {budget}",
                smallest_target_tokens=tokens,
            )
        order = ranking(self._passages, scores)
        chosen: list[Place] = []
        rejected = set(refused)
        for _ in range(_FILL_ROUNDS):
            check()
            added = self._pack(order, kept, budget - tokens, fill, rejected)
            if not added:
                break
            kept, tokens, held = self._settle(forced, chosen, added, budget)
            chosen += added[:held]
            if held < len(added):
                if not fill:
                    break
                rejected.add(added[held])
        return Selection(kept, tokens)

    def _pack(
        self, order: Sequence[Place], kept: Sequence[set[int]], slack: int, fill: bool, rejected: Set[Place]
    ) -> list[Place]:
        """Best-scored units whose single costs add up to about `slack`.

        A text in its place often takes a token less than alone, so a last unit that is over by no more than that is
        tried; the exact count decides.
        """
        if slack < self._cheapest(order) - 1:
            return []
        trial = [set(units) for units in kept]
        added: list[Place] = []
        for place in order:
            check()
            if slack <= 0:
                break
            if place[1] in trial[place[0]] or place in rejected:
                continue
            missing = self._missing(place, trial)
            cost = sum(self._cost(each) for each in missing)
            if cost - len(missing) <= slack:
                slack -= cost
                added.append(place)
                for passage, unit in missing:
                    trial[passage].add(unit)
            elif not fill:
                break
        return added

    def _cheapest(self, order: Sequence[Place]) -> int:
        if self._smallest is None:
            self._smallest = min((self._cost(place) for place in order), default=0)
        return self._smallest

    def _settle(
        self, forced: Sequence[Place], chosen: Sequence[Place], added: Sequence[Place], budget: int
    ) -> tuple[list[set[int]], int, int]:
        """The longest prefix of `added` that fits beside what is chosen already, by exact count."""
        # Single costs are nearly right, so the answer is near the end: step back from there, then halve what is left.
        fits, unknown, step = 0, len(added), 1
        probe = unknown
        while fits < unknown:
            check()
            if self.tokens(self.close([*forced, *chosen, *added[:probe]])) <= budget:
                fits = probe
            else:
                unknown = probe - 1
            probe = (fits + unknown + 1) // 2 if fits else max(1, unknown + 1 - step)
            step *= 2
        kept = self.close([*forced, *chosen, *added[:fits]])
        return kept, self.tokens(kept), fits

    def _missing(self, place: Place, kept: Sequence[Set[int]]) -> list[Place]:
        passage, unit = place
        missing, stack = [], [unit]
        seen: set[int] = set()
        while stack:
            current = stack.pop()
            if current in seen or current in kept[passage]:
                continue
            seen.add(current)
            missing.append((passage, current))
            stack.extend(self._passages[passage].units[current].requires)
        return missing

    def _add(self, place: Place, kept: list[set[int]]) -> None:
        for passage, unit in self._missing(place, kept):
            kept[passage].add(unit)

    def _cost(self, place: Place) -> int:
        if place not in self._unit_costs:
            check()
            passage, unit = self._passages[place[0]], place[1]
            start = passage.gaps[unit][0] if unit else passage.units[unit].start
            self._unit_costs[place] = self._count(passage.written(start, passage.units[unit].end))
        return self._unit_costs[place]


def ranking(passages: Sequence[Passage], scores: Sequence[NDArray[np.float32]]) -> list[Place]:
    """Best first; a sentence that repeats a better-ranked one word for word comes after all that say something new."""
    places = [(p, u) for p, passage in enumerate(passages) for u, unit in enumerate(passage.units) if not unit.structural]
    values = np.asarray([scores[p][u] for p, u in places], dtype=np.float64).round(SCORE_DECIMALS)
    ranked = [places[i] for i in np.argsort(-values, kind="stable")]
    seen: set[str] = set()
    first: list[Place] = []
    again: list[Place] = []
    for place in ranked:
        passage = passages[place[0]]
        text = passage.slice(place[1])
        repeats = passage.units[place[1]].kind in PROSE_KINDS and text in seen
        (again if repeats else first).append(place)
        seen.add(text)
    return first + again
