"""Compression of a chat: each message on its own to a ratio, or all of them together to a number of tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from promptpress import chat
from promptpress.content.render import Rendered
from promptpress.errors import BudgetInfeasible
from promptpress.pipeline.budget import infeasible
from promptpress.pipeline.state import PipelineResult, Target
from promptpress.portions import Portion
from promptpress.request import CompressionRequest
from promptpress.result import Reason, UnitScore
from promptpress.shapes import Slot
from promptpress.text.tokenization import TokenCounter

MESSAGE_MINIMUM = 64
"""Tokens below which a text of a message is left alone with a ratio, where the request does not say."""
_SHARE = 0.25
"""With a number of tokens, a text is shortened to this share before the next one in the order gives way."""
_ROUNDS = 4
"""Most cuts of a text whose tokens together with the text around it are more than those of its parts."""


@dataclass(frozen=True)
class Pieces:
    """The pieces of some portions after compression; `scores` are aligned with them."""

    group: PipelineResult
    scores: list[list[UnitScore]]


RunPieces = Callable[[Sequence[Portion], str | None, Target, bool], Pieces]
"""Compresses the pieces of portions together for a query and a target, if the flag is set so that none loses all."""


class ChatRun:
    """One chat on its way. After `run`: `texts` of all slots, and `warnings`; `portions` and `scores` are aligned."""

    def __init__(self, request: CompressionRequest, slots: Sequence[Slot], counter: TokenCounter, run: RunPieces) -> None:
        self.request = request
        self.slots = slots
        self.texts = [slot.text for slot in slots]
        self.warnings: list[str] = []
        self._counter = counter
        self._minimum = MESSAGE_MINIMUM if request.min_tokens is None else request.min_tokens
        found = chat.portions(slots, request.compress_roles, request.target_tokens is not None)
        self.portions = [portion for portion in found if not self._small_context(portion)]
        self.scores: list[list[UnitScore]] = [[] for _ in self.portions]
        self._rendered = [portion.unchanged() for portion in self.portions]
        self._reasons: list[Reason | None] = ["already_within_target" for _ in self.portions]
        self._run = run
        self._tokens = [counter.count(portion.slot.text) for portion in self.portions]
        chosen = {id(portion.slot) for portion in self.portions}
        self._closed = [(slot, counter.count(slot.text)) for slot in slots if id(slot) not in chosen]

    def _small_context(self, portion: Portion) -> bool:
        """Whether a context beside a user's question is too small to be shortened unasked, to a ratio."""
        if self.request.target_ratio is None or self.request.compress_roles or portion.slot.role != "user":
            return False
        return sum(map(self._counter.count, portion.texts)) < self._minimum

    def run(self) -> PipelineResult:
        """Compress; the counts of the result are those of the whole chat.

        Raises BudgetInfeasible where a number of tokens cannot be met without emptying a message or losing a task.
        """
        tokens = self.request.target_tokens
        reason = self._to_ratio() if tokens is None else self._to_tokens(tokens)
        rendered = {id(portion.slot): each for portion, each in zip(self.portions, self._rendered, strict=True)}
        self.texts = [rendered[id(slot)].text if id(slot) in rendered else slot.text for slot in self.slots]
        fixed = sum(tokens for _, tokens in self._closed)
        after = fixed + sum(self._counter.count(each.text) for each in self._rendered)
        return PipelineResult(self._rendered, fixed + sum(self._tokens), after, reason)

    def _to_ratio(self) -> Reason | None:
        # Each message on its own, asked only what was asked before it: appending never changes what went before.
        queries = chat.queries_before(self.slots)
        for index, portion in enumerate(self.portions):
            if self.request.target_ratio is not None and self._tokens[index] < self._minimum:
                self._reasons[index] = self._without_tags(index)
                continue
            query = self.request.query or portion.question or queries.get(portion.slot.item)
            self._reasons[index] = self._one(index, query)
        if any(reason is None for reason in self._reasons):
            return None
        reasons = [reason for reason in self._reasons if reason != "below_minimum"]
        if not reasons and (closed := self._roles_to_name()):
            self.warnings.append(f"{closed} would allow more to be shortened")
            return "not_compressible"
        small = all(tokens < self._minimum for _, tokens in self._closed)
        return (
            reasons[0] if reasons else "below_minimum" if self._reasons or (small and self._closed) else "not_compressible"
        )

    def _without_tags(self, index: int) -> Reason | None:
        """Take `<keep>` tags off a text that is too small to shorten."""
        if "keep>" not in self.portions[index].slot.text:
            return "below_minimum"
        pieces = self._run([self.portions[index]], None, Target(1.0), False)
        if pieces.group.reason is None:
            self._rendered[index] = self.portions[index].assemble(pieces.group.rendered)
        return "below_minimum" if pieces.group.reason else None

    def _one(self, index: int, query: str | None) -> Reason | None:
        """Shorten one text to the ratio, which is that of the whole text; why it stays as it is, if it does."""
        portion, total = self.portions[index], self._tokens[index]
        place = f"messages[{portion.slot.item}]"
        target = Target(self.request.target_ratio, reserved=total - sum(map(self._counter.count, portion.texts)))
        limit = Target(self.request.target_ratio).budget(total)
        for _ in range(_ROUNDS):
            if limit is not None and limit - target.reserved < 1:
                self.warnings.append(f"{place}: the task alone exceeds the ratio; left as it is")
                return "not_compressible"
            try:
                pieces = self._run([portion], query, target, False)
            except BudgetInfeasible:
                # The ratio is meant for the chat; one message that is mostly protected must not fail the others.
                self.warnings.append(f"{place}: protected text alone exceeds the ratio; left as it is")
                return "not_compressible"
            rendered = portion.assemble(pieces.group.rendered)
            if pieces.group.reason:
                self.scores[index] = portion.scores(pieces.scores)
                return pieces.group.reason
            over = self._counter.count(rendered.text) - (total if limit is None else limit)
            if over <= 0:
                break
            target = replace(target, reserved=target.reserved + over)
        else:
            return "no_gain"
        if not rendered.text.strip() or not any(piece.text.strip() for piece in pieces.group.rendered):
            self.warnings.append(f"{place}: nothing of it would be left; left as it is")
            return "not_compressible"
        self._rendered[index], self.scores[index] = rendered, portion.scores(pieces.scores)
        return None

    def _to_tokens(self, target: int) -> Reason | None:
        fixed = sum(tokens for _, tokens in self._closed)
        if fixed + sum(self._tokens) <= target:
            return "already_within_target"
        if not self.portions or fixed > target:
            raise BudgetInfeasible(
                self._too_large(fixed, target), "target_tokens", smallest_target_tokens=max(fixed + bool(self.portions), 1)
            )
        order = chat.in_order(self.portions, self._tokens, self._minimum)
        query = self.request.query or chat.question_of(self.slots)
        sizes = self._sizes(order, target - fixed)
        for size, following in pairwise([*sizes, None]):
            assert size is not None
            try:
                self._together(sorted(order[:size]), query, target)
            except BudgetInfeasible as error:
                if following is None:
                    message = self._too_large(int(str(error.details["smallest_target_tokens"])), target)
                    raise BudgetInfeasible(message, "target_tokens", **error.details) from None
            else:
                return None
        return None

    def _sizes(self, order: Sequence[int], room: int) -> list[int]:
        """How many texts to shorten: as few as leave each a share of it, then all of a kind, then all."""
        needed = sum(self._tokens)
        first = len(order)
        for size, index in enumerate(order, 1):
            needed -= int(self._tokens[index] * (1 - _SHARE))
            if needed <= room:
                first = size
                break
        kinds = [self.portions[index].slot.role in chat.TOOL_ROLES for index in order]
        return sorted({size for size in (first, sum(kinds), len(order)) if size >= first})

    def _together(self, chosen: Sequence[int], query: str | None, target: int) -> None:
        portions = [self.portions[index] for index in chosen]
        others = sum(tokens for _, tokens in self._closed) + sum(self._tokens) - sum(self._tokens[i] for i in chosen)
        around = sum(self._tokens[i] - sum(map(self._counter.count, self.portions[i].texts)) for i in chosen)
        reserved = others + around
        for _ in range(_ROUNDS):
            if target <= reserved:
                raise BudgetInfeasible("", "target_tokens", smallest_target_tokens=reserved + len(portions))
            try:
                pieces = self._run(portions, query, Target(tokens=target, reserved=reserved), True)
            except BudgetInfeasible as error:
                raise infeasible(error, reserved) from None
            rendered, scores = _by_portion(portions, pieces)
            over = others + sum(self._counter.count(each.text) for each in rendered) - target
            if over <= 0:
                break
            reserved += over
        else:
            raise BudgetInfeasible("", "target_tokens", smallest_target_tokens=target + over)
        for index, each, units in zip(chosen, rendered, scores, strict=True):
            self._rendered[index], self.scores[index] = each, units

    def _too_large(self, tokens: int, target: int) -> str:
        closed = self._roles_to_name()
        hint = f"; {closed} would allow more to be shortened" if closed else ""
        return f"text that must stay takes {tokens} tokens; the target allows {target}{hint}"

    def _roles_to_name(self) -> str:
        """The option that would open further texts, if there are any of some length."""
        named = self.request.compress_roles or ()
        roles = [slot.role for slot, tokens in self._closed if tokens >= self._minimum and slot.role not in named]
        return f"compress_roles: {sorted({*named, *roles})}".replace("'", '"') if roles else ""


def _by_portion(portions: Sequence[Portion], pieces: Pieces) -> tuple[list[Rendered], list[list[UnitScore]]]:
    rendered: list[Rendered] = []
    scores: list[list[UnitScore]] = []
    first = 0
    for portion in portions:
        last = first + len(portion.pieces)
        rendered.append(portion.assemble(pieces.group.rendered[first:last]))
        scores.append(portion.scores(pieces.scores[first:last]))
        first = last
    return rendered, scores
