"""Chat messages in the shapes of OpenAI (string or typed parts, `tool` role; items of the Responses API) and Anthropic
(`tool_result` in user messages).

Everything that is not a text part is left alone: tool calls and their ids, images, reasoning, unknown keys.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from promptpress.errors import InvalidValue
from promptpress.result import LocatedScores, UnitScore
from promptpress.scores import ScoreArray
from promptpress.shapes.base import Path, Shape, Slot
from promptpress.text.spans import Span

Message = dict[str, Any]

_TEXT_TYPES = frozenset({"text", "input_text", "output_text"})


class MessagesShape(Shape):
    """`messages`: every text part of every message is a slot. Receipts name the message and the path inside it."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def slots(self) -> list[Slot]:
        """A slot for each text part, with the role that counts for it: `tool` for tool results wherever they stand.

        Items without a role, but with a type, are those of OpenAI's Responses API.

        Raises InvalidValue for a message without a shape we know.
        """
        slots: list[Slot] = []
        for index, message in enumerate(self._messages):
            role = message.get("role")
            if role is None and isinstance(kind := message.get("type"), str) and kind:
                slots += [Slot(index, text, path=path, role="tool") for path, text in _texts_of_item(kind, message)]
                continue
            if not isinstance(role, str) or not role:
                raise InvalidValue("every message needs a role, a string", f"messages[{index}].role")
            for path, text, is_tool_result in _texts(message.get("content"), ("content",), f"messages[{index}]"):
                slots.append(Slot(index, text, path=path, role="tool" if is_tool_result else role))
        return slots

    def rebuild(self, texts: Sequence[str], relevance: ScoreArray | None = None) -> dict[str, Any]:
        """`messages`: copies of those whose text changes, the others as they are."""
        changed = [(slot, text) for slot, text in zip(self.slots(), texts, strict=True) if slot.text != text]
        touched = {slot.item for slot, _ in changed}
        result = [copy.deepcopy(each) if i in touched else each for i, each in enumerate(self._messages)]
        for slot, text in changed:
            target: Any = result[slot.item]
            for step in slot.path[:-1]:
                target = target[step]
            target[slot.path[-1]] = text
        return {"messages": result}

    def receipt_of_spans(self, slots: Sequence[Slot], spans: Sequence[list[Span]]) -> list[Any]:
        """Spans with the message and the path of each text."""
        return [
            {"message": slot.item, "path": list(slot.path), "spans": each} for slot, each in zip(slots, spans, strict=True)
        ]

    def receipt_of_scores(self, slots: Sequence[Slot], scores: Sequence[list[UnitScore]]) -> list[Any]:
        """Scores with the message and the path of each text."""
        return [
            LocatedScores(message=slot.item, path=list(slot.path), scores=each)
            for slot, each in zip(slots, scores, strict=True)
        ]


def _texts_of_item(kind: str, item: Message) -> Iterator[tuple[Path, str]]:
    """The texts of an item of the Responses API that is not a message: of results of tools; of calls and reasoning none."""
    output = item.get("output")
    if kind.endswith("_output") or kind == "mcp_call":
        if isinstance(output, str):
            yield ("output",), output
        elif isinstance(output, list) and all(isinstance(part, dict) for part in output):
            yield from ((path, text) for path, text, _ in _texts(output, ("output",), kind))


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
