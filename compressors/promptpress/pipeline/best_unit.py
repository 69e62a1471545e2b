"""For a budget smaller than any unit: the first clauses of the best sentence, if the rest of it can be spared."""

import numpy as np

from promptpress.content import Passage, Unit
from promptpress.content.kinds import CLAUSE_KINDS
from promptpress.content.render import Rendered
from promptpress.content.sentences import clause_spans
from promptpress.pipeline.budget import UnitSelector
from promptpress.pipeline.state import State
from promptpress.pipeline.verify import verify_and_rollback
from promptpress.scores import ScoreArray, UnitRef, ranked
from promptpress.text.discourse import binds
from promptpress.text.facts import fact_spans, scope_spans
from promptpress.text.tokenization import TokenCounter

_TRIED = 8
"""So many of the best units are tried."""


def shorten_best_unit(state: State) -> bool:
    """Render the first clauses that fit of the best sentence that allows it; where none does, only warn and return False.

    A sentence with a negation or a condition is never shortened, and what is cut off holds no fact.
    """
    assert state.budget is not None
    best = next(iter(ranked(state.passages, state.scores.units, state.tiers)), None)
    for ref in _candidates(state)[:_TRIED]:
        rendered = _first_clauses(state.passages[ref.passage], ref.unit, state.budget, state.task.counter)
        if rendered is not None:
            if ref == best:
                state.warnings = [each for each in state.warnings if not each.startswith("best_did_not_fit")]
            state.warnings.append("cut_inside_sentence: the target is smaller than any sentence; the best one was shortened")
            state.rendered[ref.passage] = rendered
            return True
    smallest = min(_smallest(passage, state.task.counter) for passage in state.passages if passage.units)
    state.warnings.append(f"nothing_fits: no unit fits the target; the smallest takes {smallest} tokens")
    return False


def _candidates(state: State) -> list[UnitRef]:
    refs = ranked(state.passages, state.scores.units, state.tiers)
    return [
        ref
        for ref in refs
        if ref not in state.fillers
        and state.passages[ref.passage].units[ref.unit].kind in CLAUSE_KINDS
        and not state.passages[ref.passage].units[ref.unit].requires
    ]


def _first_clauses(passage: Passage, index: int, budget: int, counter: TokenCounter) -> Rendered | None:
    unit = passage.units[index]
    text = passage.slice(index)
    if scope_spans(text) or binds(text):
        return None
    clauses = tuple(Unit(start, end, unit.kind) for start, end in clause_spans(passage.text, unit.start, unit.end))
    pieces = Passage(passage.text, clauses, passage.title, passage.hidden)
    falling: list[ScoreArray] = [-np.arange(len(clauses), dtype=np.float32)]
    selection = UnitSelector([pieces], counter.count).select(falling, [set()], budget, skip_oversized=False)
    kept = selection.kept[0]
    if not kept or fact_spans(passage.text[clauses[max(kept)].end : unit.end]):
        return None
    rendered, _ = verify_and_rollback(pieces, kept, facts=True)
    return rendered if rendered.text else None


def _smallest(passage: Passage, counter: TokenCounter) -> int:
    """Tokens of the shortest text that can be made of the passage: a unit with what it requires, never a bare full stop."""
    selector = UnitSelector([passage], counter.count)
    units = [u for u, unit in enumerate(passage.units) if not unit.structural] or range(len(passage.units))
    return min(selector.tokens(selector.with_requirements([UnitRef(0, u)])) for u in units)
