"""Chats: which texts of their messages may be shortened, what each was asked for, and which give way first."""

from collections.abc import Collection, Iterator, Sequence

import regex

from promptpress.chat_words import BINDING, NEEDS_ALL, OWN_WORDS
from promptpress.content.sentences import sentence_spans
from promptpress.content.task import split_task, task_sentences
from promptpress.portions import Portion, divided, whole
from promptpress.shapes import Slot
from promptpress.text.spans import Span, merge

MAX_QUESTION = 200
"""Characters; more would make the query about everything and so about nothing."""
LONG = 700
"""Characters of a user's message without a context of its own from which it may be shortened if nothing else is left."""

TOOL_ROLES = ("tool", "function")
ROLES = (*TOOL_ROLES, "assistant", "user")
"""Roles that may be shortened where the caller names none; of users' messages only the context."""
_ASKS = regex.compile(r"[?？؟;՞]\s*[\"'”’)*_]*\s*\Z")
_MAX_REPLY = 60
_OWN_SHARE = 1 / 40
"""First-person words for each word from which an unmarked context is the user's own account, not a source."""
_REPLY = regex.compile(r"[?？؟]")


def portions(slots: Sequence[Slot], named: Collection[str] | None, by_tokens: bool) -> list[Portion]:
    """What may be shortened of a chat, in the order of its texts.

    Tool results and answers as a whole, of users' messages the context that stands beside a task; of roles that the caller
    names, and with a number of tokens of long messages, also texts without such a context, but for their instructions.
    With a ratio what is open of a message depends on that message alone, so that appending changes nothing.
    """
    roles = set(named or ROLES)
    pending = _answered(slots) if by_tokens else None
    found: list[Portion] = []
    for slot in slots:
        if slot.role not in roles or not slot.text.strip():
            continue
        if slot.role in TOOL_ROLES:
            found.append(whole(slot))
        elif slot.role == "assistant":
            found.append(whole(slot, closing_question(slot.text) if pending is None or slot.item in pending else ()))
        elif portion := _of_user(slot, named is not None, by_tokens):
            found.append(portion)
    return found


def _of_user(slot: Slot, named: bool, by_tokens: bool) -> Portion | None:
    text = slot.text
    task = split_task(text)
    if task is not None and (
        named or not (_needs_all(text, task.fixed) or (not task.marked and _in_own_words(text, task.context)))
    ):
        if "<keep>" not in text:
            return divided(slot, task.context, task.question)
        return Portion(slot, [(0, len(text))], task.question, task.fixed)
    if not named and not (by_tokens and len(text) >= LONG):
        return None
    if by_tokens and len(text) <= MAX_QUESTION:
        return None
    fixed = merge([*task_sentences(text), *_binding(text), *_closing(text)])
    return whole(slot, fixed) if sum(end - start for start, end in fixed) < len(text) // 2 else None


def _needs_all(text: str, fixed: Sequence[Span]) -> bool:
    """Whether a task is to do something with its context word for word, not to answer from it."""
    return any(NEEDS_ALL.match(text, *sentence) for start, end in fixed for sentence in sentence_spans(text, start, end))


def _in_own_words(text: str, context: Sequence[Span]) -> bool:
    words = own = 0
    for start, end in context:
        words += len(text[start:end].split())
        own += sum(1 for _ in OWN_WORDS.finditer(text, start, end))
    return own > max(1, words * _OWN_SHARE)


def _binding(text: str) -> Iterator[Span]:
    """Sentences of a user that ask for something or rule something out."""
    return (span for span in sentence_spans(text, 0, len(text)) if BINDING.search(text, *span))


def _closing(text: str) -> Iterator[Span]:
    closing = question_in(text)
    if closing and len(closing) < len(text.strip()):
        end = len(text.rstrip())
        yield end - len(closing), end


def closing_question(text: str) -> list[Span]:
    """The question with which an answer ends, if it does: what the next message replies to."""
    end = len(text.rstrip())
    if not _ASKS.search(text, max(0, end - 8), end):
        return []
    paragraph = text.rfind("\n\n", 0, end) + 1
    spans = sentence_spans(text, paragraph, end)
    return [spans[-1]] if spans else []


def is_reply(text: str) -> bool:
    """Whether a message means nothing without the one before it: short, and no question."""
    text = text.strip()
    return 0 < len(text) <= _MAX_REPLY and not _REPLY.search(text)


def _answered(slots: Sequence[Slot]) -> set[int]:
    """Messages of the assistant whose closing question is still open, or answered by a short reply."""
    found: set[int] = set()
    last: int | None = None
    for slot in slots:
        if slot.role == "assistant":
            last = slot.item
        elif slot.role == "user" and last is not None:
            if is_reply(slot.text):
                found.add(last)
            last = None
    return found if last is None else found | {last}


def in_order(found: Sequence[Portion], tokens: Sequence[int], small: int) -> list[int]:
    """Indices of portions as they give way: tool results, answers, the rest; of each the oldest first, small ones last."""

    def key(index: int) -> tuple[int, bool, int]:
        role = found[index].slot.role
        rank = 0 if role in TOOL_ROLES else 1 if role == "assistant" else 2
        return rank, tokens[index] < small, index

    return sorted(range(len(found)), key=key)


def question_of(slots: Sequence[Slot]) -> str:
    """What the chat asks in the end: the newest user's question; where it is a short reply, what it replies to."""
    return next(reversed(queries_before([*slots, Slot(len(slots) + 1, "", role="")]).values()), "")


def queries_before(slots: Sequence[Slot]) -> dict[int, str]:
    """For each message the question in the latest user text of an earlier one: what a result or an answer was asked for.

    Where that is a short reply, the question that it replies to stands before it. Only earlier messages count, so that a
    message's result never depends on what is appended later.
    """
    queries: dict[int, str] = {}
    asked: str | None = None
    latest: Slot | None = None
    offered = open_offer = ""
    for slot in slots:
        if latest is not None and latest.item < slot.item:
            question = question_in(latest.text)
            if is_reply(latest.text) and offered:
                question = f"{offered} {question}"
            asked, latest = question, None
        if asked is not None:
            queries[slot.item] = asked
        if slot.role == "assistant":
            open_offer = "".join(slot.text[a:b] for a, b in closing_question(slot.text))
        elif slot.role == "user" and slot.text.strip():
            if latest is None:
                offered, open_offer = open_offer, ""
            latest = slot
    return queries


def question_in(text: str) -> str:
    """A short text itself; of a longer one what it asks about its context, or its closing question or sentences."""
    text = text.strip()
    if not text or len(text) <= MAX_QUESTION:
        return text
    task = split_task(text)
    if task is not None and task.question:
        return task.question
    paragraph = text.rfind("\n\n") + 1
    spans = sentence_spans(text, paragraph, len(text))
    begin = spans[-1][0]
    if text.endswith(("?", "？", "؟")):
        return text[begin:]
    for start, _ in reversed(spans):
        if len(text) - start > MAX_QUESTION:
            break
        begin = start
    return text[begin:]
