"""Chat messages: which of their texts may be shortened, and putting the shortened ones back.

Understands the message shapes of OpenAI (string or typed parts, `tool` role) and Anthropic (`tool_result` blocks inside
user messages). Everything that is not a text part is left alone: tool calls and their ids, images, reasoning, unknown keys.
"""

import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from promptpress.content.sentences import sentence_spans
from promptpress.errors import InvalidValue

MAX_QUESTION = 200
"""Characters; more would make the query about everything and so about nothing."""

Message = dict[str, Any]
Path = tuple[str | int, ...]

_TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
TOOL_ROLES = ("tool", "function")
# A user message is the newest one only until the next arrives. To leave the newest untouched and yet never change a byte
# of a message already sent, ratio mode leaves all of them.
RATIO_ROLES = (*TOOL_ROLES, "assistant")
TOKENS_ROLES = (*TOOL_ROLES, "assistant", "user")


@dataclass(frozen=True)
class TextSlot:
    """One text inside the messages: where it is, what it says, and the role that counts for it."""

    message: int
    path: Path
    text: str
    role: str


def text_slots(messages: Sequence[Message]) -> list[TextSlot]:
    """Every text part of every message, in order. Raises InvalidValue for a message without a shape we know."""
    slots: list[TextSlot] = []
    for index, message in enumerate(messages):
        role = message.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidValue("every message needs a role, a string", f"messages[{index}].role")
        for path, text, is_tool_result in _texts(message.get("content"), ("content",), f"messages[{index}]"):
            slots.append(TextSlot(index, path, text, "tool" if is_tool_result else role))
    return slots


def _texts(content: Any, path: Path, field: str) -> Iterator[tuple[Path, str, bool]]:
    if isinstance(content, str):
        yield path, content, False
        return
    if content is None:
        return
    if not isinstance(content, list):
        raise InvalidValue("content must be a string, a list of parts, or null", f"{field}.content")
    for index, part in enumerate(content):
        if not isinstance(part, dict):
            raise InvalidValue("a content part must be an object", f"{field}.content[{index}]")
        kind = part.get("type")
        if isinstance(kind, str) and kind in _TEXT_TYPES and isinstance(part.get("text"), str):
            yield from _texts(part["text"], (*path, index, "text"), f"{field}.content[{index}]")
        elif kind == "tool_result":
            inner = _texts(part.get("content"), (*path, index, "content"), f"{field}.content[{index}]")
            yield from ((inner_path, text, True) for inner_path, text, _ in inner)


def newest_user_message(slots: Sequence[TextSlot]) -> int | None:
    """Index of the last message that a user wrote; tool results inside user messages do not count."""
    return max((slot.message for slot in slots if slot.role == "user"), default=None)


def compressible(slots: Sequence[TextSlot], roles: Collection[str], protected_message: int | None) -> list[bool]:
    """Which slots may be shortened."""
    return [
        slot.role in roles and bool(slot.text) and (slot.message != protected_message or slot.role in TOOL_ROLES)
        for slot in slots
    ]


def queries_before(slots: Sequence[TextSlot]) -> dict[int, str]:
    """For each message the question in the latest user text of an earlier one: what a result or an answer was asked for.

    Only earlier messages count, so that a message's result never depends on what is appended later.
    """
    queries: dict[int, str] = {}
    latest: TextSlot | None = None
    pending: TextSlot | None = None
    asked: str | None = None
    for slot in slots:
        if pending is not None and pending.message < slot.message:
            latest, pending, asked = pending, None, None
        if latest is not None:
            asked = question_in(latest.text) if asked is None else asked
            queries[slot.message] = asked
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


def replace_texts(messages: Sequence[Message], replacements: Sequence[tuple[TextSlot, str]]) -> list[Message]:
    """Copies of the messages with some texts replaced; the originals are not touched."""
    touched = {slot.message for slot, _ in replacements}
    result = [copy.deepcopy(message) if i in touched else message for i, message in enumerate(messages)]
    for slot, text in replacements:
        target: Any = result[slot.message]
        for step in slot.path[:-1]:
            target = target[step]
        target[slot.path[-1]] = text
    return result
