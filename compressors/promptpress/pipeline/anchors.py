"""Where no item may come out empty: at least one unit of each stays."""

from collections import defaultdict
from collections.abc import Sequence

from promptpress.errors import BudgetInfeasible
from promptpress.pipeline.budget import UnitSelector
from promptpress.pipeline.state import State
from promptpress.pipeline.verify import verify_and_rollback
from promptpress.runtime.cancellation import check
from promptpress.scores import UnitRef, ranking

_TRIED = 8
"""So many of an item's best units are looked at."""


def anchor(state: State) -> None:
    """Protect the best unit of every item without a protected one, or, where these do not fit, smaller ones of some items.

    Raises BudgetInfeasible, with the smallest target, where not even the smallest units fit.
    """
    if not state.task.owners or state.budget is None:
        return
    forced = [UnitRef(p, u) for p, units in enumerate(state.protected) for u in units]
    selector = UnitSelector(state.passages, state.task.counter.count)
    room = state.budget - selector.tokens(selector.with_requirements(forced))
    candidates = _candidates(state)
    chosen = {owner: _first_sound(state, refs) for owner, refs in candidates.items()}
    costs = {owner: _cost(state, ref) for owner, ref in chosen.items() if ref}
    needed = sum(costs.values())
    for owner in reversed(costs):
        if needed <= room:
            break
        smallest = _first_sound(state, sorted(candidates[owner], key=lambda ref: _cost(state, ref)))
        if smallest and (cost := _cost(state, smallest)) < costs[owner]:
            needed -= costs[owner] - cost
            chosen[owner], costs[owner] = smallest, cost
    if needed > room:
        smallest_target = state.budget - room + needed
        raise BudgetInfeasible(
            f"one part of every text takes {smallest_target} tokens together; the target allows {max(0, state.budget)}",
            "target_tokens",
            smallest_target_tokens=smallest_target,
        )
    for ref in chosen.values():
        if ref:
            state.protected[ref.passage].add(ref.unit)


def _candidates(state: State) -> dict[int, list[UnitRef]]:
    """For each item without a protected unit its best ones, best first; the most relevant item first."""
    owners = state.task.owners
    covered = {owners[p] for p, units in enumerate(state.protected) if units}
    found: dict[int, list[UnitRef]] = defaultdict(list)
    for ref in ranking(state.passages, state.scores.units, state.tiers):
        owner = owners[ref.passage]
        if owner not in covered and len(found[owner]) < _TRIED:
            found[owner].append(ref)
    return found


def _first_sound(state: State, refs: Sequence[UnitRef]) -> UnitRef | None:
    """The first unit that passes verification with what it requires."""
    for ref in refs:
        check()
        passage = state.passages[ref.passage]
        rendered, lost = verify_and_rollback(passage, _closure(state, ref), state.task.protection.facts)
        if not lost and rendered.text.strip():
            return ref
    return None


def _closure(state: State, ref: UnitRef) -> set[int]:
    selector = UnitSelector([state.passages[ref.passage]], state.task.counter.count)
    return selector.with_requirements([UnitRef(0, ref.unit)])[0]


def _cost(state: State, ref: UnitRef) -> int:
    selector = UnitSelector([state.passages[ref.passage]], state.task.counter.count)
    return selector.tokens([_closure(state, ref)])
