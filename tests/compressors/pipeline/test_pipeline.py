"""The stages, and what is told of texts beside the texts."""

from typing import Any

import pytest

from promptpress import Document, compress
from promptpress.backends.loader import ModelLoader
from promptpress.methods.registry import MethodInstances
from promptpress.pipeline.pipeline import (
    count,
    finish,
    protect,
    reason_to_skip,
    run_pipeline,
    score,
    segment_texts,
    select_and_verify,
)
from promptpress.pipeline.state import Protection, Target, Task
from promptpress.text.tokenization import counter_for


def test_where_nothing_is_gained_every_unit_counts_as_kept() -> None:
    texts = ["  \n!éa  a。é ", "é!。!    ", "!11é!。a    ", "é1。  。1é    a\n", "a1。。"]
    result = compress(documents=[Document(text=text) for text in texts], query="x", method="hybrid", include=["scores"])
    assert result.reason == "no_gain"
    assert [document.text for document in result.documents or []] == texts
    assert all(isinstance(units, list) and all(unit.kept for unit in units) for units in result.scores or [])


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (
            {
                "text": "Extraordinarily remarkable congregations assembled. Others did not.",
                "method": "selective_context",
                "options": {"unit": "word"},
            },
            "not.",
        ),
        ({"text": '[{"b": 1}, {"note": "a long one that is not short"}, {"c": 3, "d": 4}]'}, '[{"b": 1}]'),
        ({"text": "[   \n\n\n\n ]"}, "[   \n\n\n\n ]"),
    ],
    ids=["words", "JSON", "brackets alone"],
)
def test_the_smallest_size_told_counts_what_a_unit_cannot_do_without(fields: dict[str, Any], kept: str) -> None:
    tokens = counter_for().count(kept)
    [warning] = compress(**fields, target_tokens=1).warnings
    assert warning == f"nothing_fits: no unit fits the target; the smallest takes {tokens} tokens"


def test_each_stage_adds_its_part_to_the_state() -> None:
    method = MethodInstances(ModelLoader().models())["truncate"]
    texts = [("", "A first one. A <keep>second</keep> one. A third one.")]
    task = Task(texts, None, Target(tokens=9), method, method.options_model(), Protection("facts"), counter_for())
    state = count(task)
    assert (state.tokens_before, state.budget) == (counter_for().count(texts[0][1]), 9)
    assert reason_to_skip(state) is None
    segment_texts(state)
    assert len(state.passages[0].units) == 3
    score(state)
    assert [len(each) for each in state.scores.units] == [3]
    protect(state)
    assert state.protected == [{1}]
    select_and_verify(state)
    assert state.kept == [{0, 1}]
    assert state.seconds["cut"] > 0
    state.tokens_after = 8
    assert finish(state).rendered[0].text == run_pipeline(task).rendered[0].text == "A first one. A second one."


def test_what_is_within_the_target_is_left_alone_before_any_method_runs() -> None:
    method = MethodInstances(ModelLoader().models())["hybrid"]
    task = Task(
        [("", "A short one.")], "q", Target(tokens=90), method, method.options_model(), Protection("facts"), counter_for()
    )
    result = run_pipeline(task)
    assert (result.reason, result.scored, result.tokens_after) == ("already_within_target", None, result.tokens_before)
