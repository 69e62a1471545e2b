"""From scores to the units that are kept: never over the budget, as close below it as whole units allow."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

from promptpress.content import Passage
from promptpress.content.render import render
from promptpress.errors import BudgetInfeasible
from promptpress.pipeline.duplicates import repetitions
from promptpress.runtime.cancellation import check
from promptpress.scores import ScoreArray, Tiers, UnitRef, ranking

_ROUNDS = 16
"""Most rounds of packing by single costs and counting exactly; each but the last rejects one unit."""


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
        self._order: list[UnitRef] | None = None
        self._unit_costs: dict[UnitRef, int] = {}
        self._passage_costs: dict[tuple[int, frozenset[int]], int] = {}

    def with_requirements(self, refs: Iterable[UnitRef]) -> list[set[int]]:
        """The units with everything that they require, as a set for each passage."""
        kept: list[set[int]] = [set() for _ in self._passages]
        for ref in refs:
            self._add(ref, kept)
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
        scores: Sequence[ScoreArray],
        protected: Sequence[Set[int]],
        budget: int,
        *,
        skip_oversized: bool = True,
        refused: Set[UnitRef] = frozenset(),
        tiers: Sequence[Tiers] | None = None,
    ) -> Selection:
        """Keep the protected units, then the best by `scores.ranking` that fit `budget` tokens and are not refused.

        With `skip_oversized`, a unit that does not fit is skipped and the next best tried; without, the first that does not
        fit ends the selection. Raises BudgetInfeasible if the protected units alone exceed the budget.
        """
        forced = [UnitRef(p, u) for p, units in enumerate(protected) for u in sorted(units)]
        kept = self.with_requirements(forced)
        tokens = self.tokens(kept)
        if tokens > budget:
            raise BudgetInfeasible(
                f"protected text alone takes {tokens} tokens; the target allows {budget}",
                smallest_target_tokens=tokens,
            )
        order = self.order(scores, tiers)
        chosen: list[UnitRef] = []
        rejected = set(refused)
        for _ in range(_ROUNDS):
            check()
            added = self._pack(order, kept, budget - tokens, skip_oversized, rejected)
            if not added:
                break
            kept, tokens, fitting = self._fit_prefix(forced, chosen, added, budget)
            chosen += added[:fitting]
            if fitting < len(added):
                if not skip_oversized:
                    break
                rejected.add(added[fitting])
        return Selection(kept, tokens)

    def order(self, scores: Sequence[ScoreArray], tiers: Sequence[Tiers] | None = None) -> list[UnitRef]:
        """The units to choose from, best first; what repeats another in the same or other words is not among them."""
        if self._order is None:
            ranked = ranking(self._passages, scores, tiers)
            repeated = repetitions(self._passages, ranked)
            self._order = [ref for ref in ranked if ref not in repeated]
        return self._order

    def _pack(
        self, order: Sequence[UnitRef], kept: Sequence[set[int]], slack: int, skip_oversized: bool, rejected: Set[UnitRef]
    ) -> list[UnitRef]:
        """Best-scored units whose single costs add up to about `slack`.

        A text in its place often takes a token less than alone, so a last unit that is over by no more than that is
        tried; the exact count decides.
        """
        if slack < self._cheapest(order) - 1:
            return []
        trial = [set(units) for units in kept]
        added: list[UnitRef] = []
        for ref in order:
            check()
            if slack <= 0:
                break
            if ref[1] in trial[ref[0]] or ref in rejected:
                continue
            missing = self._missing(ref, trial)
            cost = sum(self._cost(each) for each in missing)
            if cost - len(missing) <= slack:
                slack -= cost
                added.append(ref)
                for passage, unit in missing:
                    trial[passage].add(unit)
            elif not skip_oversized:
                break
        return added

    def _cheapest(self, order: Sequence[UnitRef]) -> int:
        if self._smallest is None:
            self._smallest = min((self._cost(ref) for ref in order), default=0)
        return self._smallest

    def _fit_prefix(
        self, forced: Sequence[UnitRef], chosen: Sequence[UnitRef], added: Sequence[UnitRef], budget: int
    ) -> tuple[list[set[int]], int, int]:
        """The longest prefix of `added` that fits beside what is chosen already, by exact count."""
        # Single costs are nearly right, so the answer is near the end: step back from there, then halve the rest.
        fits, unknown, step = 0, len(added), 1
        probe = unknown
        while fits < unknown:
            check()
            if self.tokens(self.with_requirements([*forced, *chosen, *added[:probe]])) <= budget:
                fits = probe
            else:
                unknown = probe - 1
            probe = (fits + unknown + 1) // 2 if fits else max(1, unknown + 1 - step)
            step *= 2
        kept = self.with_requirements([*forced, *chosen, *added[:fits]])
        return kept, self.tokens(kept), fits

    def _missing(self, ref: UnitRef, kept: Sequence[Set[int]]) -> list[UnitRef]:
        passage, unit = ref
        missing, stack = [], [unit]
        seen: set[int] = set()
        while stack:
            current = stack.pop()
            if current in seen or current in kept[passage]:
                continue
            seen.add(current)
            missing.append(UnitRef(passage, current))
            stack.extend(self._passages[passage].units[current].requires)
        return missing

    def _add(self, ref: UnitRef, kept: list[set[int]]) -> None:
        for passage, unit in self._missing(ref, kept):
            kept[passage].add(unit)

    def _cost(self, ref: UnitRef) -> int:
        if ref not in self._unit_costs:
            check()
            passage, unit = self._passages[ref[0]], ref[1]
            start = passage.gaps[unit][0] if unit else passage.units[unit].start
            self._unit_costs[ref] = self._count(passage.written(start, passage.units[unit].end))
        return self._unit_costs[ref]


def infeasible(error: BudgetInfeasible, extra_tokens: int) -> BudgetInfeasible:
    """The same error with text outside the passages counted in."""
    smallest = int(str(error.details["smallest_target_tokens"])) + extra_tokens
    return BudgetInfeasible(
        f"text that must stay takes {smallest} tokens, more than the target allows", smallest_target_tokens=smallest
    )
