"""Every input shape: its texts go out in order and come back in their places."""

from typing import Any

import numpy as np
import pytest

from promptpress import CompressionRequest
from promptpress.compressor import pass_through
from promptpress.result import CompressionResult
from promptpress.shapes import Shape, shape_of

IMAGE = {"type": "image", "source": {"data": "AAAA"}}
MESSAGES = [
    {"role": "user", "content": "Which ship?"},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]},
    {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "Fram."}, IMAGE]}]},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "The Fram."}]},
]
INPUTS: list[dict[str, Any]] = [
    {"text": "One."},
    {"text": ""},
    {"texts": ["One.", "Two."]},
    {"texts": []},
    {"documents": [{"id": 7, "title": "T", "text": "One.", "metadata": {"a": 1}}, {"text": "Two."}]},
    {"messages": MESSAGES},
]


def shape(fields: dict[str, Any]) -> Shape:
    return shape_of(CompressionRequest(**fields))


@pytest.mark.parametrize("fields", INPUTS)
def test_rebuilding_with_the_same_texts_gives_the_input_again(fields: dict[str, Any]) -> None:
    request = CompressionRequest(**fields)
    result = pass_through(request, "deadline")
    (name,) = fields
    sent, back = request.model_dump(include={name}), result.model_dump(include={name})
    if name == "documents":
        back = {name: [{k: v for k, v in each.items() if k not in ("dropped", "relevance")} for each in back[name]]}
    assert back == sent
    assert [slot.text for slot in shape_of(result).slots()] == [slot.text for slot in shape_of(request).slots()]


@pytest.mark.parametrize("fields", INPUTS)
def test_other_texts_come_back_from_the_same_places(fields: dict[str, Any]) -> None:
    original = shape(fields)
    texts = [f"new {index}" for index, _ in enumerate(original.slots())]
    rebuilt = CompressionResult(**{**dict(pass_through(CompressionRequest(text="x"), "deadline")), "text": None})
    rebuilt = rebuilt.model_copy(update=original.rebuild(texts))
    assert [slot.text for slot in shape_of(rebuilt).slots()] == texts
    assert [(slot.item, slot.path) for slot in shape_of(rebuilt).slots()] == [
        (slot.item, slot.path) for slot in original.slots()
    ]


def test_messages_are_copied_where_they_change_and_only_there() -> None:
    rebuilt = shape({"messages": MESSAGES}).rebuild(["Which ship?", "", "The Fram."])["messages"]
    assert rebuilt[2]["content"][0]["content"] == [{"type": "text", "text": ""}, IMAGE]
    assert MESSAGES[2]["content"][0]["content"][0]["text"] == "Fram."  # type: ignore[index]
    assert [rebuilt[i] for i in (0, 1, 3)] == [MESSAGES[i] for i in (0, 1, 3)]


def test_roles_of_slots_are_those_that_count() -> None:
    assert [(s.item, s.role) for s in shape({"messages": MESSAGES}).slots()] == [
        (0, "user"),
        (2, "tool"),
        (3, "assistant"),
    ]


def test_a_document_without_text_left_is_dropped_and_relevance_is_rounded() -> None:
    documents = shape(INPUTS[4]).rebuild(["", "Two."], np.asarray([0.123456789, 1], dtype=np.float32))["documents"]
    assert [(each.id, each.dropped, each.relevance) for each in documents] == [(7, True, 0.12346), (None, False, 1.0)]


def test_receipts_have_the_form_of_their_shape() -> None:
    spans = [[(0, 1)], [(2, 3)], [(4, 5)]]
    assert shape({"text": "One."}).receipt_of_spans([], spans[:1]) == [(0, 1)]
    assert shape({"texts": ["a", "b", "c"]}).receipt_of_spans([], spans) == spans
    chat = shape({"messages": MESSAGES})
    assert chat.receipt_of_spans(chat.slots()[1:2], spans[1:2]) == [
        {"message": 2, "path": ["content", 0, "content", 0, "text"], "spans": [(2, 3)]}
    ]
