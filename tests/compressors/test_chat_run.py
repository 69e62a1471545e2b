"""Chats as agents and gateways send them: what gives way first, and what never does."""

from typing import Any

import pytest

from promptpress import BudgetInfeasible, CompressionRequest, CompressionResult, Compressor

RESERVOIR = (
    "The reservoir holds 12 million cubic metres. It was built in 1934 by the county. Fishing needs a permit, which costs "
    "14 pounds a year. Boats with engines are forbidden. The dam road is closed to lorries of more than 7.5 tonnes. Two "
    "turbines make power for 4,000 homes. The visitor centre opens at ten. Dogs have to be on a lead. The car park holds "
    "120 cars and costs 3 pounds a day. Swimming is allowed only at the eastern beach between June and September."
)
TALSPERRE = (
    "Die Talsperre fasst 12 Millionen Kubikmeter. Sie wurde 1934 vom Landkreis gebaut. Angeln kostet 14 Euro im Jahr. "
    "Motorboote sind verboten. Die Dammstraße ist für Lastwagen über 7,5 Tonnen gesperrt. Zwei Turbinen versorgen 4.000 "
    "Haushalte. Das Besucherzentrum öffnet um zehn. Hunde sind an der Leine zu führen. Der Parkplatz hat 120 Plätze."
)
SHUIKU = (
    "水库容量为一千二百万立方米。它由县政府于1934年修建。钓鱼需要许可证，每年费用为十四元。禁止使用机动船。超过7.5吨的卡车不得通过大坝公路。"
    "两台涡轮机为四千户家庭供电。游客中心十点开门。狗必须拴绳。停车场有120个车位，每天三元。大坝每年检查两次，检查期间道路封闭。"
)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def answer(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def tool(content: str, call: str = "call_1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": content}


def run(compressor: Compressor, messages: list[Any], **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(messages=messages, **fields))


def texts(result: CompressionResult) -> list[Any]:
    return [message.get("content", message.get("output")) for message in result.messages or []]


@pytest.mark.parametrize(
    ("before", "context", "after", "kept"),
    [
        (
            "Use the context.\n<context>\n",
            RESERVOIR,
            "\n</context>\nQuestion: What does a fishing permit cost?",
            "14 pounds",
        ),
        ("What does a fishing permit cost?\n\n", RESERVOIR, "", "14 pounds"),
        ('Answer from the text in quotes.\n\n"""\n', RESERVOIR, '\n"""\n\nWhat does a fishing permit cost?', "14 pounds"),
        ("Kontext:\n", TALSPERRE, "\n\nFrage: Was kostet das Angeln?\nAntwort:", "14 Euro"),
        ("请根据以下资料回答问题。\n\n资料：\n", SHUIKU, "\n\n问题：钓鱼许可证多少钱？", "每年费用为十四元"),
    ],
)
@pytest.mark.parametrize("target", [{"target_ratio": 0.6}, {"target_tokens": 95}])
def test_the_context_beside_a_question_shrinks_and_the_rest_stays_word_for_word(
    compressor: Compressor, before: str, context: str, after: str, kept: str, target: dict[str, Any]
) -> None:
    result = run(compressor, [user(before + context + after)], **target, include=["spans", "scores"])
    (text,) = texts(result)
    assert result.status == "compressed"
    assert text.startswith(before)
    assert text.endswith(after)
    assert kept in text
    assert result.usage.tokens_after <= target.get("target_tokens", 0.6 * result.usage.tokens_before)
    (located,) = result.spans or []
    assert "".join((before + context + after)[a:b] for a, b in located["spans"]) == text


@pytest.mark.parametrize(
    "text",
    [
        f"Translate the following text into German:\n\n{RESERVOIR}",
        "Help me plan dinners.\n\nI live with my two children and my mother. My son is allergic to peanuts, and my mother must "
        "not eat salt. I get home at six and have half an hour. My budget is 60 euros. We have no microwave. My daughter "
        "hates mushrooms, and I would like to use the pumpkins of our garden.\n\nWhat should I cook on Monday?",
        RESERVOIR,
    ],
    ids=["needs every word", "the user's own account", "no task"],
)
def test_other_words_of_users_stay_and_the_result_says_what_would_shorten_them(compressor: Compressor, text: str) -> None:
    result = run(compressor, [user(text)], target_ratio=0.5)
    assert texts(result) == [text]
    assert result.reason == "not_compressible"
    assert 'compress_roles: ["user"]' in " ".join(result.warnings)
    named = run(compressor, [user(text)], target_ratio=0.7, compress_roles=["user"])
    assert named.usage.tokens_after <= 0.7 * named.usage.tokens_before


def test_a_task_that_is_larger_than_the_ratio_stays(compressor: Compressor) -> None:
    text = f"Context:\n{RESERVOIR}\n\nQuestion: {'What does it cost? ' * 12}"
    result = run(compressor, [user(text)], target_ratio=0.2)
    assert texts(result) == [text]
    assert any(warning.startswith("messages[0]: the task alone") for warning in result.warnings)


def test_small_texts_are_left_alone_with_a_ratio(compressor: Compressor) -> None:
    small = tool("rm: cannot remove 'dist': Permission denied. The folder is owned by root. Nothing was removed.")
    result = run(compressor, [user("Clean up."), small], target_ratio=0.4)
    assert (result.status, result.reason) == ("unchanged", "below_minimum")
    assert run(compressor, [user("Clean up."), small], target_ratio=0.7, min_tokens=5).status == "compressed"
    assert run(compressor, [user("Clean up."), tool(RESERVOIR)], target_ratio=0.4, min_tokens=500).reason == "below_minimum"


def test_min_tokens_is_a_whole_input_elsewhere(compressor: Compressor) -> None:
    request = {"text": RESERVOIR, "target_ratio": 0.5}
    assert compressor.compress(request).status == "compressed"
    assert compressor.compress({**request, "min_tokens": 500}).reason == "below_minimum"
    assert compressor.compress({"text": RESERVOIR, "target_tokens": 50, "min_tokens": 500}).status == "compressed"


def test_keep_tags_come_off_small_texts_too(compressor: Compressor) -> None:
    assert texts(run(compressor, [answer("<keep>Done.</keep> All is well.")], target_ratio=0.5)) == ["Done. All is well."]


WORK = [
    user("Look up the reservoir. Do not touch the pages about the canal."),
    tool(RESERVOIR),
    answer(RESERVOIR.replace("reservoir", "lake")),
    tool(RESERVOIR.replace("12 million", "13 million"), "call_2"),
    user("And what does a permit cost?"),
]


def changed(result: CompressionResult) -> list[int]:
    return [i for i, (before, after) in enumerate(zip(WORK, result.messages or [], strict=True)) if before != after]


def test_older_tool_results_give_way_first_then_newer_ones_then_answers(compressor: Compressor) -> None:
    assert changed(run(compressor, WORK, target_tokens=300)) == [1]
    assert changed(run(compressor, WORK, target_tokens=210)) == [1, 3]
    assert changed(run(compressor, WORK, target_tokens=100)) == [1, 2, 3]


@pytest.mark.parametrize("target", [300, 210, 100, 70])
def test_no_message_is_emptied(compressor: Compressor, target: int) -> None:
    result = run(compressor, WORK, target_tokens=target)
    assert all(texts(result))
    assert result.usage.tokens_after <= target


def test_what_cannot_be_met_says_so_with_the_smallest_target(compressor: Compressor) -> None:
    with pytest.raises(BudgetInfeasible) as error:
        run(compressor, WORK, target_tokens=40)
    smallest = int(str(error.value.details["smallest_target_tokens"]))
    assert 40 < smallest < 80
    result = run(compressor, WORK, target_tokens=smallest)
    assert all(texts(result))
    assert result.usage.tokens_after <= smallest


OFFER = (
    "You have three subscriptions. The newspaper costs 19 euros a month and ends in March. The gym costs 35 euros and can be "
    "cancelled at any time. The music service costs 11 euros, and it has not been used since last June. Cancelling the "
    "music service loses its playlists. Shall the music service be cancelled and its playlists exported?"
)


@pytest.mark.parametrize("target", [{"target_ratio": 0.5}, {"target_tokens": 60}])
def test_the_question_that_a_short_reply_answers_stays(compressor: Compressor, target: dict[str, Any]) -> None:
    result = run(compressor, [user("Sort out my subscriptions."), answer(OFFER), user("go ahead")], **target)
    assert result.status == "compressed"
    assert "Shall the music service be cancelled and its playlists exported?" in texts(result)[1]


def test_items_of_the_responses_api_come_back_in_shape(compressor: Compressor) -> None:
    items: list[dict[str, Any]] = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How much is the car park?"}]},
        {"type": "reasoning", "id": "r1", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": RESERVOIR},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": RESERVOIR}]},
        {"type": "function_call_output", "call_id": "c3", "output": ""},
        {"type": "computer_call_output", "call_id": "c4", "output": {"type": "computer_screenshot", "image_url": "x"}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "3 pounds."}]},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": []},
        {"role": "assistant"},
    ]
    result = run(compressor, items, target_ratio=0.4, include=["spans"])
    after = result.messages or []
    assert [i for i, (a, b) in enumerate(zip(items, after, strict=True)) if a != b] == [3, 4]
    assert "120 cars and costs 3 pounds" in after[3]["output"]
    assert "120 cars and costs 3 pounds" in after[4]["output"][0]["text"]
    assert {"message": 3, "path": ["output"]}.items() <= (result.spans or [])[0].items()


def test_a_reply_asks_what_it_replies_to(compressor: Compressor) -> None:
    chat = [
        user("Plan a trip."),
        answer("Shall I look up what a fishing permit costs?"),
        user("yes please"),
        tool(RESERVOIR),
    ]
    assert "14 pounds" in texts(run(compressor, chat, target_ratio=0.2))[3]


@pytest.mark.parametrize("method", ["scope", "dspc", "hybrid", "truncate", "acc_rag"])
def test_every_method_leaves_the_question_alone(compressor: Compressor, method: str) -> None:
    text = f"Context:\n{RESERVOIR}\n\nQuestion: What does a fishing permit cost?"
    result = run(compressor, [user(text)], target_ratio=0.6, method=method)
    assert texts(result)[0].startswith("Context:\n")
    assert texts(result)[0].endswith("\n\nQuestion: What does a fishing permit cost?")
    for chunk in result.method_details.get("chunks", []):
        assert text[chunk["start"] : chunk["end"]] in RESERVOIR
