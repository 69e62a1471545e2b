"""Compression of a group of texts that share one budget: score once, cut exactly, verify."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydantic import BaseModel

from promptpress.content import Passage, Unit, segment
from promptpress.content.kinds import CLAUSE_KINDS
from promptpress.content.render import Rendered
from promptpress.content.sentences import clause_spans
from promptpress.errors import BudgetInfeasible, TargetRequired
from promptpress.methods.base import Method, ScoreArray, Scored
from promptpress.pipeline.budget import Place, Selection, UnitSelector
from promptpress.pipeline.protection import find_keep_tags, protected_units
from promptpress.pipeline.score_cache import score
from promptpress.pipeline.verify import settle
from promptpress.result import Reason
from promptpress.runtime.cancellation import check
from promptpress.text.facts import scope_spans
from promptpress.text.tokenization import TokenCounter

_REFILLS = 4
REWRITTEN = (
    "rewritten: parts of the text were written anew; method_details.chunks says which, spans hold only what is verbatim"
)
MINIMUM_TOKENS = 8
"""With a target ratio, shorter inputs come back as they are: there is nothing in them to choose from."""


@dataclass(frozen=True)
class Target:
    """What the caller asked for: a ratio, a number of tokens, or neither."""

    ratio: float | None = None
    tokens: int | None = None

    def budget(self, tokens_before: int) -> int | None:
        """Most tokens of the result; None without a target."""
        if self.tokens is not None:
            return self.tokens
        # Without the addend, 0.29 * 100 would allow 28 tokens.
        return None if self.ratio is None else math.floor(self.ratio * tokens_before + 1e-9)


@dataclass(frozen=True)
class Protection:
    """What must stay."""

    level: str
    patterns: Sequence[object] = ()


@dataclass
class GroupResult:
    """The outcome for a group; `rendered`, `passages` and `kept` are aligned with the input texts."""

    rendered: list[Rendered]
    tokens_before: int
    tokens_after: int
    reason: Reason | None = None
    passages: list[Passage] = field(default_factory=list)
    kept: list[set[int]] = field(default_factory=list)
    scored: Scored | None = None
    details: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"score": 0.0, "cut": 0.0, "verify": 0.0})


def compress_group(
    texts: Sequence[tuple[str, str]],
    query: str | None,
    target: Target,
    method: Method[BaseModel],
    options: BaseModel,
    protection: Protection,
    counter: TokenCounter,
) -> GroupResult:
    """Compress (title, text) pairs against one target.

    Raises BudgetInfeasible if protected text alone exceeds the target, TargetRequired if there is no target and the
    method has no stop of its own.
    """
    tokens_before = 0
    for _, text in texts:
        check()
        tokens_before += counter.count(text)
    budget = target.budget(tokens_before)
    tags = [find_keep_tags(text) for _, text in texts]
    unchanged = GroupResult(
        [Rendered(text, [(0, len(text))] if text else []) for _, text in texts], tokens_before, tokens_before
    )
    if any(tag.unbalanced for tag in tags):
        unchanged.warnings.append("a <keep> tag has no partner and is treated as text")
    tagged = any(tag.tags for tag in tags)
    unchanged.reason = _reason_to_skip(tokens_before, budget, target, tagged)
    if unchanged.reason:
        return unchanged

    result = GroupResult([], tokens_before, 0, warnings=unchanged.warnings)
    for (title, text), tag in zip(texts, tags, strict=True):
        check()
        result.passages.append(segment(text, title, tag.tags))
    if not any(passage.units for passage in result.passages):
        return _without_units(unchanged, texts, budget)
    started = time.perf_counter()
    result.passages = method.divide(result.passages, options, protection.level != "none")
    result.scored = score(method, result.passages, query, options, method.known_scores)
    result.seconds["score"] = time.perf_counter() - started

    check()
    started = time.perf_counter()
    protected = [
        protected_units(passage, tag.kept, protection.patterns, protection.level == "strict")
        for passage, tag in zip(result.passages, tags, strict=True)
    ]
    plan = method.rewrite(result.passages, result.scored, protected, query, budget, counter.count, options)
    ranks = result.scored.units
    if plan is not None:
        result.passages, protected, ranks = plan.passages, plan.protected, plan.ranks
        result.scored = replace(result.scored, units=plan.scores)
        check()
    selector = UnitSelector(result.passages, counter.count)
    settled: list[tuple[Rendered, set[int]]] = []
    refused: set[Place] = set()
    for _ in range(_REFILLS):
        selection = _select(selector, result, ranks, protected, budget, method, options, refused)
        verifying = time.perf_counter()
        settled = [settle(p, k, protection.level != "none") for p, k in zip(result.passages, selection.kept, strict=True)]
        result.seconds["verify"] += time.perf_counter() - verifying
        result.kept = [kept - lost for kept, (_, lost) in zip(selection.kept, settled, strict=True)]
        lost = {(p, u) for p, (_, units) in enumerate(settled) for u in units}
        if any(lost & forced for (_, lost), forced in zip(settled, protected, strict=True)):
            raise BudgetInfeasible(
                "protected text cannot be kept without text around it that exceeds the target",
                smallest_target_tokens=tokens_before,
            )
        if not lost or budget is None:
            break
        # What was rolled back leaves room for something else.
        refused |= lost
    result.seconds["cut"] = time.perf_counter() - started - result.seconds["verify"]

    started = time.perf_counter()
    if budget is not None and not any(result.kept):
        settled = _cut_inside_best_unit(result, settled, budget, counter)
    result.rendered = [rendered for rendered, _ in settled]
    if refused:
        result.warnings.append("verify_rollback: units that would have left a fact or a character in part were dropped")
    result.tokens_after = sum(counter.count(rendered.text) for rendered in result.rendered)
    result.seconds["verify"] += time.perf_counter() - started
    result.details = method.account(result.passages, result.scored, result.kept, options)
    if plan is not None:
        result.details = {**result.details, **plan.receipt(result.kept)}
        if any(rendered.rewritten for rendered in result.rendered):
            result.warnings.append(REWRITTEN)
    if result.tokens_after >= tokens_before:
        unchanged.reason = "no_gain"
        if plan is None:
            # Nothing is gained, but what the method found out about the documents is still worth telling.
            unchanged.details, unchanged.scored = result.details, result.scored
            unchanged.passages = result.passages
            unchanged.kept = [set(range(len(passage.units))) for passage in result.passages]
        return unchanged
    return result


def _without_units(unchanged: GroupResult, texts: Sequence[tuple[str, str]], budget: int | None) -> GroupResult:
    """White space alone: nothing to choose from, but a budget still holds."""
    if budget is None:
        unchanged.reason = "not_compressible"
        return unchanged
    unchanged.warnings.append("nothing_fits: there is only white space, and more of it than the target allows")
    return GroupResult([Rendered("", []) for _ in texts], unchanged.tokens_before, 0, warnings=unchanged.warnings)


def _reason_to_skip(tokens_before: int, budget: int | None, target: Target, tagged: bool) -> Reason | None:
    if tokens_before == 0:
        return "below_minimum"
    if tagged:
        # The tags are ours and come off even where nothing else has to.
        return None
    if budget is not None and tokens_before <= budget:
        return "already_within_target"
    if target.tokens is None and tokens_before < MINIMUM_TOKENS:
        return "below_minimum"
    return None


def _select(
    selector: UnitSelector,
    result: GroupResult,
    ranks: Sequence[ScoreArray],
    protected: Sequence[set[int]],
    budget: int | None,
    method: Method[BaseModel],
    options: BaseModel,
    refused: set[Place],
) -> Selection:
    assert result.scored is not None
    kept = method.stop(result.passages, result.scored, options) if budget is None or method.stops_early else None
    if budget is not None:
        beyond: set[Place] = set()
        if kept is not None:
            beyond = {(p, u) for p, units in enumerate(kept) for u in range(len(ranks[p])) if u not in units}
        selection = selector.select(ranks, protected, budget, method.fills, refused | beyond)
        if beyond and not any(selection.kept):
            # What the method would have kept is all too large; what fits of the rest is better than nothing.
            return selector.select(ranks, protected, budget, method.fills, refused)
        return selection
    if kept is None:
        raise TargetRequired(
            f"method {method.name!r} has no stop of its own; give target_ratio or target_tokens", "target_ratio"
        )
    closed = selector.close((p, u) for p, units in enumerate(kept) for u in units | protected[p])
    return Selection(closed, selector.tokens(closed))


def _cut_inside_best_unit(
    result: GroupResult, settled: list[tuple[Rendered, set[int]]], budget: int, counter: TokenCounter
) -> list[tuple[Rendered, set[int]]]:
    """For a budget smaller than any sentence: the first clauses that fit of the best sentence that allows it.

    A sentence with a negation or another scope word is never shortened, and no fact is kept in part.
    """
    assert result.scored is not None
    ranked = sorted(
        (-float(np.round(scores[u], 5)), p, u)
        for p, scores in enumerate(result.scored.units)
        for u in range(len(scores))
        if result.passages[p].units[u].kind in CLAUSE_KINDS
    )
    for _, p, u in ranked[:8]:
        passage = result.passages[p]
        unit = passage.units[u]
        if scope_spans(passage.slice(u)):
            continue
        clauses = tuple(Unit(start, end, unit.kind) for start, end in clause_spans(passage.text, unit.start, unit.end))
        pieces = Passage(passage.text, clauses, passage.title, passage.hidden)
        falling: list[ScoreArray] = [-np.arange(len(clauses), dtype=np.float32)]
        kept = UnitSelector([pieces], counter.count).select(falling, [set()], budget, fill=False).kept[0]
        rendered, _ = settle(pieces, kept, facts=True)
        if rendered.text:
            result.warnings.append(
                "cut_inside_sentence: the target is smaller than any sentence; the best one was shortened"
            )
            return [(rendered, set()) if index == p else entry for index, entry in enumerate(settled)]
    smallest = min(_smallest(passage, counter) for passage in result.passages if passage.units)
    result.warnings.append(f"nothing_fits: no unit fits the target; the smallest takes {smallest} tokens")
    return settled


def _smallest(passage: Passage, counter: TokenCounter) -> int:
    """Tokens of the shortest text that can be made of the passage: a unit with what it requires, never a bare full stop."""
    selector = UnitSelector([passage], counter.count)
    units = [u for u, unit in enumerate(passage.units) if not unit.structural] or range(len(passage.units))
    return min(selector.tokens(selector.close([(0, u)])) for u in units)


def infeasible(error: BudgetInfeasible, extra_tokens: int) -> BudgetInfeasible:
    """The same error with text outside the group counted in."""
    smallest = int(str(error.details["smallest_target_tokens"])) + extra_tokens
    return BudgetInfeasible(
        f"text that must stay takes {smallest} tokens, more than the target allows", smallest_target_tokens=smallest
    )
