from typing import Any

import pytest

from promptpress import BudgetInfeasible, CompressionRequest, CompressionResult, Compressor
from promptpress.errors import InvalidValue
from promptpress.result import LocatedScores
from tests.conftest import PROSE

CALL: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f"}}],
}
CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": PROSE},
    {"role": "user", "content": PROSE + " Which ship did Amundsen use?"},
    CALL,
    {"role": "tool", "tool_call_id": "call_1", "content": PROSE},
    {"role": "assistant", "content": PROSE},
    {"role": "user", "content": "When did he die?"},
]


def run(compressor: Compressor, messages: list[Any], **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(messages=messages, **fields))


def test_a_ratio_shortens_tool_results_answers_and_the_context_of_users(compressor: Compressor) -> None:
    result = run(compressor, CHAT, target_ratio=0.4)
    assert result.messages is not None
    changed = [i for i, (before, after) in enumerate(zip(CHAT, result.messages, strict=True)) if before != after]
    assert changed == [1, 3, 4]
    assert result.messages[1]["content"].endswith(CHAT[1]["content"][-140:])
    assert "Fram" in result.messages[3]["content"]
    assert result.messages[3]["tool_call_id"] == "call_1"


def test_roles_can_be_chosen(compressor: Compressor) -> None:
    result = run(compressor, CHAT, target_ratio=0.4, compress_roles=["user"])
    assert result.messages is not None
    assert len(result.messages[1]["content"]) < len(CHAT[1]["content"])
    assert result.messages[3] == CHAT[3]


def test_target_tokens_covers_the_whole_chat(compressor: Compressor) -> None:
    result = run(compressor, CHAT, target_tokens=260)
    assert result.messages is not None
    assert result.usage.tokens_after <= 260
    assert result.messages[0] == CHAT[0]
    assert result.messages[-1] == CHAT[-1]
    assert "1928" in "".join(m["content"] or "" for m in result.messages[1:-1])


def test_untouchable_messages_beyond_the_target(compressor: Compressor) -> None:
    with pytest.raises(BudgetInfeasible):
        run(compressor, CHAT, target_tokens=20)


def test_anthropic_tool_results_inside_user_messages(compressor: Compressor) -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "AAAA"}}
    block = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": PROSE}, image]}
    messages = [
        {"role": "user", "content": "Which ship?"},
        {"role": "user", "content": [block, {"type": "text", "text": PROSE}]},
    ]
    result = run(compressor, messages, target_ratio=0.3)
    assert result.messages is not None
    after = result.messages[1]["content"]
    assert len(after[0]["content"][0]["text"]) < len(PROSE)
    assert after[0]["content"][1] == image
    assert after[0]["tool_use_id"] == "t1"
    assert after[1]["text"] == PROSE


def test_reasoning_and_unknown_parts_are_left_alone(compressor: Compressor) -> None:
    parts = [
        {"type": "thinking", "thinking": PROSE, "signature": "x"},
        {"type": "text", "text": PROSE, "cache_control": {"a": 1}},
    ]
    result = run(compressor, [{"role": "assistant", "content": parts, "custom": 1}], target_ratio=0.5)
    assert result.messages is not None
    message = result.messages[0]
    assert message["content"][0] == parts[0]
    assert message["content"][1]["cache_control"] == {"a": 1}
    assert message["custom"] == 1


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"content": "x"}, "messages[0].role"),
        ({"role": 3, "content": "x"}, "messages[0].role"),
        ({"role": "user", "content": 3}, "messages[0].content"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0]"),
    ],
)
def test_malformed_messages_name_the_field(compressor: Compressor, message: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        run(compressor, [message], target_ratio=0.5)
    assert caught.value.field == field


def test_scores_stay_with_their_message_when_another_cannot_be_shortened(compressor: Compressor) -> None:
    chat = [
        {"role": "assistant", "content": f"<keep>{PROSE}</keep> It was cold."},
        {
            "role": "assistant",
            "content": "The cat sat on the mat. The dog lay in the sun. Birds sang all day long. Fish swam.",
        },
    ]
    result = run(
        compressor, chat, method="hybrid", query="Where did the cat sit?", target_ratio=0.5, min_tokens=0, include=["scores"]
    )
    assert any("messages[0]" in warning for warning in result.warnings)
    located = [each for each in result.scores or [] if isinstance(each, LocatedScores)]
    assert [each.message for each in located if each.scores] == [1]
    assert located[1].scores[-1].end == len(chat[1]["content"])


CONTEXT = f"{PROSE}\n\nUsing the text above, which ship did Amundsen use?"


def test_the_only_user_message_can_be_shortened_to_a_number_of_tokens_and_keeps_its_question(
    compressor: Compressor,
) -> None:
    chat = [{"role": "system", "content": "You help."}, {"role": "user", "content": CONTEXT}]
    result = run(compressor, chat, target_tokens=60, compress_roles=["user"], include=["spans"])
    assert result.messages is not None
    assert result.usage.tokens_after <= 60 < result.usage.tokens_before
    assert result.messages[1]["content"].endswith("Using the text above, which ship did Amundsen use?")
    assert "Fram" in result.messages[1]["content"]
    (located,) = result.spans or []
    assert "".join(CONTEXT[a:b] for a, b in located["spans"]) == result.messages[1]["content"]


def test_a_user_message_that_is_a_question_stays_when_users_messages_may_be_shortened(compressor: Compressor) -> None:
    result = run(compressor, CHAT, target_tokens=420, compress_roles=["user"])
    assert result.messages is not None
    assert result.messages[-1] == CHAT[-1]
    assert len(result.messages[1]["content"]) < len(CHAT[1]["content"])
    assert result.usage.tokens_after <= 420


@pytest.mark.parametrize(
    "fields",
    [{"target_tokens": 5000}, {"target_tokens": 5000, "compress_roles": ["function"]}, {"target_ratio": 1.0}],
)
def test_a_chat_within_its_target_is_unchanged_for_that_reason(compressor: Compressor, fields: dict[str, Any]) -> None:
    result = run(compressor, CHAT, **fields)
    assert (result.status, result.reason) == ("unchanged", "already_within_target")
    assert result.messages == CHAT


def test_a_chat_of_a_system_message_alone_is_within_its_target(compressor: Compressor) -> None:
    result = run(compressor, CHAT[:1], target_tokens=5000)
    assert (result.status, result.reason) == ("unchanged", "already_within_target")
    assert run(compressor, CHAT[:1], target_ratio=0.5).reason == "not_compressible"
