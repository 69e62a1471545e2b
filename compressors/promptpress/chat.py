"""Chats: which texts of their messages may be shortened, and what each was asked for."""

from collections.abc import Collection, Sequence

from promptpress.content.sentences import sentence_spans
from promptpress.shapes import Slot

MAX_QUESTION = 200
"""Characters; more would make the query about everything and so about nothing."""

TOOL_ROLES = ("tool", "function")
# A user message is the newest one only until the next arrives. To leave the newest untouched and yet never change a byte
# of a message already sent, ratio mode leaves all of them.
RATIO_ROLES = (*TOOL_ROLES, "assistant")
TOKENS_ROLES = (*TOOL_ROLES, "assistant", "user")


def newest_user_message(slots: Sequence[Slot]) -> int | None:
    """Index of the last message that a user wrote; tool results inside user messages do not count."""
    return max((slot.item for slot in slots if slot.role == "user"), default=None)


def text_of_message(slots: Sequence[Slot], message: int | None) -> str:
    """What a user wrote in a message, its parts apart by blank lines; empty for no message."""
    return "\n\n".join(slot.text for slot in slots if slot.item == message and slot.role == "user")


def compressible(slots: Sequence[Slot], roles: Collection[str], protected_message: int | None) -> list[bool]:
    """Which slots may be shortened."""
    return [
        slot.role in roles and bool(slot.text) and (slot.item != protected_message or slot.role in TOOL_ROLES)
        for slot in slots
    ]


def queries_before(slots: Sequence[Slot]) -> dict[int, str]:
    """For each message the question in the latest user text of an earlier one: what a result or an answer was asked for.

    Only earlier messages count, so that a message's result never depends on what is appended later.
    """
    queries: dict[int, str] = {}
    latest: Slot | None = None
    pending: Slot | None = None
    asked: str | None = None
    for slot in slots:
        if pending is not None and pending.item < slot.item:
            latest, pending, asked = pending, None, None
        if latest is not None:
            asked = question_in(latest.text) if asked is None else asked
            queries[slot.item] = asked
        if slot.role == "user":
            pending = slot
    return queries


def question_in(text: str) -> str:
    """The text itself if it is short; of a longer one, whose context comes first, its closing question or last sentences."""
    text = text.strip()
    if not text or len(text) <= MAX_QUESTION:
        return text
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
