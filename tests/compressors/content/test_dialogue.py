"""Conversations: every turn, and every sentence of a long one, has its speaker."""

import pytest

from promptpress.content import Kind, segment
from promptpress.content.render import render
from tests.compressors.content.test_records import texts_of

LONG = "It was a long day at the lock, and nobody had eaten. " * 8


def turns(text: str) -> list[str]:
    passage = segment(text)
    return [passage.slice(index) for index, unit in enumerate(passage.units) if unit.kind is Kind.TURN]


@pytest.mark.parametrize(
    "said",
    [
        ["Ann: Where is it?", "Bob: In the shed. Behind the door.", "Ann: Thanks for telling me."],
        ["**Ann:** Where is it?", "**Bob:** In the shed. Behind the door.", "**Ann:** Thanks."],
        ["**Ann**: Where is it?", "**Bob**: In the shed. Behind the door.", "**Ann**: Thanks."],
        ["Ann:\nWhere is it?", "Bob:\nIn the shed.\nBehind the door.", "Ann:\nThanks."],
        ["ANN LEE\nWhere is it?", "MR BOB\nIn the shed. Behind the door.", "ANN LEE\nThanks."],
        ["Ann  9:02 AM\nWhere is it?", "Bob  9:05 AM\nIn the shed.\nBehind the door.", "Ann  9:06 AM\nThanks."],
        ["Ann [9:02 AM]\nWhere is it?", "Bob [9:05 AM]\nIn the shed.", "Ann [9:06 AM]\nThanks."],
        ["[10:01] Ann Lee: Where is it?", "[10:02] Bob: In the shed.", "[10:05] Ann Lee: Thanks."],
        [
            "12/03/2026, 09:14 - Ann: Where is it?",
            "12/03/2026, 09:15 - Bob: In the shed.",
            "12/03/2026, 09:17 - Ann: Thanks.",
        ],
        ["<ann> where is it?", "<bob> in the shed. behind the door", "<ann> thanks"],
        ["小王：在哪里？", "小李：在仓库里。门后面。", "小王：谢谢。"],
        ["Speaker 1 (00:01): Where is it?", "Speaker 2 (00:04): In the shed.", "Speaker 1 (00:09): Thanks."],
    ],
)
@pytest.mark.parametrize("joint", ["\n", "\n\n"])
def test_a_turn_is_one_unit_with_its_speaker(said: list[str], joint: str) -> None:
    if joint == "\n" and said[0].split("\n")[0][-1] in "EM]":
        pytest.skip("a name alone on its line begins a paragraph")
    assert turns(joint.join(said)) == said


def test_sentences_of_a_long_turn_require_the_name_alone() -> None:
    text = f"Host: Welcome back to the show.\n\nFinn: {LONG}The lock was closed in May.\n\nHost: I see.\n\nKelly: I do not."
    for result, *_ in texts_of(text):
        if "lock" in result:
            assert "Finn: " in result
            assert result.index("Finn: ") < result.index("lock")
    passage = segment(text)
    last = next(index for index in range(len(passage.units)) if "closed in May" in passage.slice(index))
    assert render(passage, {last, *passage.units[last].requires}).text == "Finn: The lock was closed in May."


def test_a_short_answer_comes_with_its_question_and_the_question_with_it() -> None:
    text = "TIM: And the chairs?\nJO: From the fire brigade.\nLENA: How many are there?\nJO: I counted thirty of them this morning."
    passage = segment(text)
    assert passage.units[1].requires == (0,)
    assert passage.units[0].requires == (1,)
    assert passage.units[3].requires == ()


def test_lines_of_nobody_in_a_chat_are_no_speech() -> None:
    text = "<ann> hello\n=== bob joins\n<bob> hi\n* ann waves\n<ann> back"
    assert turns(text) == text.split("\n")


def test_sections_in_capitals_are_no_speakers() -> None:
    text = "INTRODUCTION\nWe measured. It rose.\n\nMETHODS\nA gauge was read.\n\nRESULTS\nIt rose by two metres."
    assert not turns(text)
