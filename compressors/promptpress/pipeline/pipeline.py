"""Compression of texts that share one budget: score once, cut exactly, verify.

`run_pipeline` calls the stages in order. A stage is a function that reads what earlier ones left in the state and adds its
own part; none but `select_and_verify` and `shorten_best_unit` knows the budget's cut.
"""

from dataclasses import replace

import numpy as np

from promptpress.content import segment
from promptpress.content.dependencies import with_dependencies
from promptpress.content.render import Rendered
from promptpress.errors import BudgetInfeasible, TargetRequired
from promptpress.methods.capabilities import ReportsDetails, Resegments, Rewrites, StopsItself
from promptpress.pipeline.anchors import anchor
from promptpress.pipeline.best_unit import shorten_best_unit
from promptpress.pipeline.budget import Selection, UnitSelector
from promptpress.pipeline.parts import Parts
from promptpress.pipeline.priorities import with_failures, with_identifiers, with_named_sections, without_query
from promptpress.pipeline.protection import find_keep_tags, protected_units
from promptpress.pipeline.score_cache import cached_score
from promptpress.pipeline.state import PipelineResult, State, Task
from promptpress.pipeline.verify import verify_and_rollback
from promptpress.result import Reason
from promptpress.runtime.cancellation import check
from promptpress.scores import UnitRef

_FILLER = 0.6
"""Where the best unit does not fit: how far down from it towards the mean score units may still stand in for it."""
_SELECTIONS = 4
"""Most selections: each one after the first fills the room of units that the last verification rolled back."""
REWRITTEN = (
    "rewritten: parts of the text were written anew; method_details.chunks says which, spans hold only what is verbatim"
)


def run_pipeline(task: Task) -> PipelineResult:
    """Compress the texts of a task against its target.

    Raises BudgetInfeasible if protected text alone exceeds the target, TargetRequired if there is no target and the method
    has no stop of its own.
    """
    state = count(task)
    reason = reason_to_skip(state)
    if reason:
        return unchanged(state, reason)
    segment_texts(state)
    if not any(passage.units for passage in state.passages):
        return only_white_space(state)
    with state.timed("score"):
        resegment(state)
        score(state)
    check()
    with state.timed("cut"):
        protect(state)
        rewrite(state)
        anchor(state)
    return cut(state)


def cut(state: State) -> PipelineResult:
    """From scores to the result: select, render and verify within the budget. Raises as `run_pipeline` does."""
    select_and_verify(state)
    with state.timed("verify"):
        if state.budget is not None and not any(state.kept):
            shortened = shorten_best_unit(state)
            # A ratio is a wish for less, not a limit: what nothing true of fits stays as it was.
            if not shortened and state.task.target.tokens is None:
                return unchanged(state, "not_compressible")
        state.tokens_after = sum(state.task.counter.count(rendered.text) for rendered in state.rendered)
    return finish(state)


def count(task: Task) -> State:
    """Count tokens, which makes the target a budget, and find the `<keep>` tags."""
    state = State(task)
    for _, text in task.texts:
        check()
        state.tokens_before += task.counter.count(text)
    state.budget = task.target.budget(state.tokens_before)
    state.tags = [find_keep_tags(text) for _, text in task.texts]
    if any(tag.unbalanced for tag in state.tags):
        state.warnings.append("a <keep> tag has no partner and is treated as text")
    return state


def reason_to_skip(state: State) -> Reason | None:
    """Why there is nothing to do, if that is so."""
    if state.tokens_before == 0:
        return "below_minimum"
    if any(tag.tags for tag in state.tags):
        # The tags are ours and come off even where nothing else has to.
        return None
    if state.budget is not None and state.tokens_before <= state.budget:
        return "already_within_target"
    if state.task.target.tokens is None and state.tokens_before < state.task.min_tokens:
        return "below_minimum"
    return None


def segment_texts(state: State) -> None:
    """Divide the texts into units."""
    for (title, text), tag in zip(state.task.texts, state.tags, strict=True):
        check()
        passage = segment(text, title, tag.tags)
        state.segmented.append(passage)
        state.passages.append(with_dependencies(passage) if state.task.protection.facts else passage)


def resegment(state: State) -> None:
    """Let a method that scores finer units than sentences divide them further."""
    task = state.task
    if isinstance(task.method, Resegments):
        state.passages = task.method.resegment(state.passages, task.options, task.protection.facts)


def score(state: State) -> None:
    """Score the units, or find their scores in the cache."""
    task = state.task
    state.parts = Parts.of(state.passages)
    state.part_scores = cached_score(task.method, state.parts.passages, task.query, task.options, task.method.score_cache)
    used = task.method.query_use != "ignored"
    if task.query and used:
        state.part_scores = with_named_sections(state.parts, state.part_scores, task.query)
        state.part_scores = with_failures(state.parts, state.part_scores, task.query)
        state.part_scores = with_identifiers(state.parts, state.part_scores, task.query)
    state.scored = state.parts.gather(state.part_scores)
    if not task.query and used:
        state.scored = without_query(state.passages, state.scored)
    state.tiers = state.scored.tiers


def protect(state: State) -> None:
    """Mark the units that must stay: in `<keep>` tags, matched by a pattern, or in strict mode with a fact."""
    protection = state.task.protection
    spans = state.task.protected or [()] * len(state.passages)
    state.protected = [
        protected_units(passage, [*tag.kept, *each], protection.patterns, protection.strict)
        for passage, tag, each in zip(state.passages, state.tags, spans, strict=True)
    ]


def rewrite(state: State) -> None:
    """Let a method that writes text anew do so; passages, scores and protected units are then those of its result."""
    task = state.task
    if not isinstance(task.method, Rewrites):
        return
    state.rewritten = task.method.rewrite(
        state.passages,
        state.scores,
        state.protected,
        query=task.query,
        budget=state.budget,
        count=task.counter.count,
        options=task.options,
    )
    state.passages, state.protected = state.rewritten.passages, state.rewritten.protected
    state.scored = replace(state.scores, units=state.rewritten.scores, tiers=None)
    state.tiers = state.rewritten.tiers
    check()


def select_and_verify(state: State) -> None:
    """Select units within the budget, render them, and roll back those that break an invariant; then fill their room.

    Raises BudgetInfeasible if protected units alone exceed the budget or do not pass verification, TargetRequired if there
    is no budget and the method has no stop of its own.
    """
    selector = UnitSelector(state.passages, state.task.counter.count)
    if _needs_more_than_allowed(state, selector) and _drop_references(state):
        selector = UnitSelector(state.passages, state.task.counter.count)
    for _ in range(_SELECTIONS):
        with state.timed("cut"):
            selection = select(state, selector)
        with state.timed("verify"):
            rolled_back = verify(state, selection)
        if not rolled_back or state.budget is None:
            return
        state.refused |= rolled_back


def select(state: State, selector: UnitSelector) -> Selection:
    """The units to keep: the best that fit the budget, at most those before the method's own stop if that caps targets;
    without a budget those before the method's own stop.
    """
    method, options = state.task.method, state.task.options
    stop = None
    if isinstance(method, StopsItself) and (state.budget is None or method.stop_caps_target):
        stop = method.stop(state.parts.passages, state.part_scores, options)
        stop = None if stop is None else state.parts.to_texts(stop)
    if state.budget is None:
        if stop is None:
            raise TargetRequired(
                f"method {method.name!r} has no stop of its own; give target_ratio or target_tokens", "target_ratio"
            )
        kept = selector.with_requirements(UnitRef(p, u) for p, units in enumerate(stop) for u in units | state.protected[p])
        return Selection(kept, selector.tokens(kept))

    def within_budget(refused: set[UnitRef]) -> Selection:
        assert state.budget is not None
        return selector.select(
            state.scores.units,
            state.protected,
            state.budget,
            skip_oversized=method.skip_oversized,
            refused=refused,
            tiers=state.tiers,
        )

    beyond: set[UnitRef] = set()
    if stop is not None:
        beyond = {
            UnitRef(p, u) for p, units in enumerate(stop) for u in range(len(state.passages[p].units)) if u not in units
        }
    selection = within_budget(state.refused | beyond | state.fillers)
    if not beyond and not state.fillers and best_did_not_fit(state, selector, selection):
        selection = within_budget(state.refused | state.fillers)
    if beyond and not any(selection.kept):
        # What the method would have kept is all too large; something of the rest is better than nothing.
        return within_budget(state.refused)
    return selection


def _needs_more_than_allowed(state: State, selector: UnitSelector) -> bool:
    """Whether the most relevant unit is larger than the budget with what it requires."""
    best = _most_relevant(state, selector)
    if best is None or state.budget is None:
        return False
    return selector.tokens(selector.with_requirements([best])) > state.budget


def _most_relevant(state: State, selector: UnitSelector) -> UnitRef | None:
    """The unit that the cut would take first; None without a budget or a query that the method uses."""
    if state.budget is None or not state.task.query or state.task.method.query_use == "ignored":
        return None
    return next(iter(selector.order(state.scores.units, state.tiers)), None)


def _drop_references(state: State) -> bool:
    """Let sentences stand without those they refer to, if that lets the most relevant one fit: better than to lose it.

    Rules keep their exceptions. Returns whether that is so.
    """
    if not state.task.protection.facts or any(passage.source_passage for passage in state.passages) or state.rewritten:
        return False
    lighter = [with_dependencies(passage, references=False) for passage in state.segmented]
    selector = UnitSelector(lighter, state.task.counter.count)
    if _needs_more_than_allowed(state, selector):
        return False
    state.passages = lighter
    state.warnings.append(
        "reference_dropped: a sentence stands without the one that it refers to, which did not fit beside it"
    )
    return True


def best_did_not_fit(state: State, selector: UnitSelector, selection: Selection) -> bool:
    """Whether the most relevant unit is too large for the budget with what it requires.

    Then what is far less relevant is not put in its place: those units are marked as fillers, and the result warns.
    """
    best = _most_relevant(state, selector)
    if best is None or state.budget is None:
        return False
    if best.unit in selection.kept[best.passage] or best in state.refused:
        return False
    forced = [UnitRef(p, u) for p, units in enumerate(state.protected) for u in units]
    needed = selector.tokens(selector.with_requirements([*forced, best]))
    if needed <= state.budget:
        return False
    state.warnings.append(f"best_did_not_fit: the most relevant part needs {needed} tokens, {state.budget} are allowed")
    flat = np.concatenate(state.scores.units)
    top = float(state.scores.units[best.passage][best.unit])
    least = top - _FILLER * (top - float(flat.mean()))
    first = state.tiers[best.passage][best.unit] if state.tiers else 0
    state.fillers = {
        ref
        for ref in selector.order(state.scores.units, state.tiers)[1:]
        if state.scores.units[ref.passage][ref.unit] < least
        and not (first > 0 and state.tiers is not None and state.tiers[ref.passage][ref.unit] == first)
    }
    return True


def verify(state: State, selection: Selection) -> set[UnitRef]:
    """Render a selection without the units that break an invariant, and return those.

    Raises BudgetInfeasible if one of them is protected.
    """
    verified = [
        verify_and_rollback(passage, kept, state.task.protection.facts)
        for passage, kept in zip(state.passages, selection.kept, strict=True)
    ]
    state.rendered = [rendered for rendered, _ in verified]
    state.kept = [kept - lost for kept, (_, lost) in zip(selection.kept, verified, strict=True)]
    if any(lost & forced for (_, lost), forced in zip(verified, state.protected, strict=True)):
        raise BudgetInfeasible(
            "protected text cannot be kept without text around it that exceeds the target",
            smallest_target_tokens=state.tokens_before,
        )
    return {UnitRef(p, u) for p, (_, units) in enumerate(verified) for u in units}


def finish(state: State) -> PipelineResult:
    """The result with its details; the texts as they were, if nothing was gained."""
    task = state.task
    if state.refused:
        state.warnings.append("verify_rollback: units that would have left a fact or a character in part were dropped")
    if any(rendered.rewritten for rendered in state.rendered):
        state.warnings.append(REWRITTEN)
    details = state.scores.details
    if isinstance(task.method, ReportsDetails):
        kept = state.parts.from_texts(state.kept)
        details = task.method.details(state.parts.passages, state.part_scores, kept, task.options)
    if state.rewritten is not None:
        details = {**details, **state.rewritten.details(state.kept)}
    if state.tokens_after >= state.tokens_before:
        result = unchanged(state, "no_gain")
        if state.rewritten is None:
            # Nothing is gained, but what the method found out about the documents is still worth telling.
            result.details, result.scored, result.passages = details, state.scored, state.passages
            result.kept = [set(range(len(passage.units))) for passage in state.passages]
        return result
    return PipelineResult(
        state.rendered,
        state.tokens_before,
        state.tokens_after,
        passages=state.passages,
        kept=state.kept,
        scored=state.scored,
        details=details,
        warnings=state.warnings,
        seconds=state.seconds,
    )


def unchanged(state: State, reason: Reason) -> PipelineResult:
    """The texts as they were."""
    texts = [text for _, text in state.task.texts]
    rendered = [Rendered(text, [(0, len(text))] if text else []) for text in texts]
    return PipelineResult(rendered, state.tokens_before, state.tokens_before, reason, warnings=state.warnings)


def only_white_space(state: State) -> PipelineResult:
    """White space alone: nothing to choose from, but a budget still holds."""
    if state.budget is None:
        return unchanged(state, "not_compressible")
    state.warnings.append("nothing_fits: there is only white space, and more of it than the target allows")
    rendered = [Rendered("", []) for _ in state.task.texts]
    return PipelineResult(rendered, state.tokens_before, 0, warnings=state.warnings)
