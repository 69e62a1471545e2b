from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import CompressionRequest, CompressionResult, Compressor, build_compressor
from promptpress.backends.loader import ModelLoader
from promptpress.errors import InvalidValue
from promptpress.pipeline.score_cache import LruScoreCache
from tests.conftest import PROSE
from tests.strategies import any_text, sentences

DOCUMENTS = [
    {"title": "Roald Amundsen", "text": PROSE},
    {"title": "Bread", "text": "Bread is baked from flour. It is older than writing. Bakers start at night. " * 4},
    {"title": "Tin", "text": "Tin is a metal. It was mined in Cornwall. Bronze is made of tin and copper."},
]
QUESTION = "What was Amundsen's ship called?"
questions = st.sampled_from([None, QUESTION, "How old is bread?", "前进号"])


@pytest.fixture(scope="module")
def cached() -> Compressor:
    return Compressor(ModelLoader().models(scores=LruScoreCache()))


def run(compressor: Compressor, **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(**{"method": "acc_rag", **fields}))


def ask(compressor: Compressor, **fields: Any) -> CompressionResult:
    return run(compressor, **{"documents": DOCUMENTS, "query": QUESTION, **fields})


def test_it_chooses_the_ratio_and_says_where_it_stopped(compressor: Compressor) -> None:
    result = ask(compressor)
    details = result.method_details
    assert "Fram" in (result.documents or [])[0].text
    assert result.usage.ratio < 0.6
    assert details["stopped"] == ("sufficient" if details["confidence"] >= 0.95 else "little_gain")
    assert details["order"] == "evidence"
    reached = details["steps"][details["stop_step"] - 1]
    assert reached["confidence"] == details["confidence"]
    assert [step["share"] for step in details["steps"]] == sorted({step["share"] for step in details["steps"]})
    assert details["steps"][-1]["share"] == details["steps"][-1]["confidence"] == 1.0


def test_what_stops_below_the_confidence_asked_says_that_more_gains_little(compressor: Compressor) -> None:
    reasons = {}
    for confidence in (0.2, 0.5, 0.8, 0.9, 0.95, 0.99):
        details = ask(compressor, options={"confidence": confidence}).method_details
        reasons[details["stopped"]] = True
        assert (details["stopped"] == "sufficient") == (details["confidence"] >= confidence and details["confidence"] < 1)
    assert "sufficient" in reasons


def test_more_confidence_never_keeps_less(compressor: Compressor) -> None:
    kept = [ask(compressor, options={"confidence": c}).usage.tokens_after for c in (0.3, 0.6, 0.9, 0.95, 0.999)]
    assert kept == sorted(kept)
    assert kept[0] < kept[-1]


def test_unsure_keeps_everything_and_says_so(compressor: Compressor) -> None:
    result = ask(compressor, options={"confidence": 0.99999})
    assert (result.status, result.reason) == ("unchanged", "no_gain")
    assert result.method_details["stopped"] == "unsure"
    assert result.method_details["confidence"] == 1.0


def test_unsure_still_says_how_relevant_the_documents_are(compressor: Compressor) -> None:
    result = ask(compressor, options={"confidence": 0.99999}, include=["scores"])
    relevance = [document.relevance or 0.0 for document in result.documents or []]
    assert relevance[0] == max(relevance) > min(relevance)
    assert [
        isinstance(units, list) and len(units) > 0 and all(unit.kept for unit in units) for units in result.scores or []
    ] == [True] * 3
    assert result.models


def test_with_a_target_it_may_stop_earlier(compressor: Compressor) -> None:
    free = ask(compressor)
    below = ask(compressor, target_ratio=0.9)
    assert below.documents == free.documents
    assert below.method_details["stopped"] == free.method_details["stopped"] != "budget"
    tight = ask(compressor, target_tokens=14, options={"confidence": 0.999})
    assert tight.usage.tokens_after <= 14
    assert tight.method_details["stopped"] == "budget"


def test_what_fits_is_kept_where_the_best_sentence_does_not(compressor: Compressor) -> None:
    best = (
        "Amundsen did not sail home in the Fram unless his brother, who was never at hand, had paid for the ship and crew."
    )
    result = run(compressor, text=f"{best} Bread is old. Tin is a metal.", query=QUESTION, target_tokens=12)
    assert result.text
    assert result.method_details["stopped"] == "budget"
    assert not result.warnings


def test_without_a_question_importance_orders_and_nothing_stops(compressor: Compressor) -> None:
    result = ask(compressor, query=None, target_ratio=0.4)
    assert result.method_details["order"] == "importance"
    assert result.method_details["confidence"] is None
    assert 0.25 < result.usage.ratio <= 0.4
    assert ask(compressor, query=None).reason == "no_gain"


def test_what_is_protected_stays(compressor: Compressor) -> None:
    text = PROSE + " <keep>Bakers start at night.</keep>"
    result = run(compressor, text=text, query=QUESTION)
    assert "Bakers start at night." in (result.text or "")


def test_the_reason_is_of_what_is_kept_with_what_is_protected(compressor: Compressor) -> None:
    for protected in ("Amundsen", ".*"):
        result = ask(compressor, options={"confidence": 0.5}, protect_patterns=[protected])
        assert result.method_details["stopped"] == "sufficient"
        assert result.method_details["confidence"] >= 0.5
    assert result.usage.ratio == 1.0


def test_of_several_messages_the_least_sure_stop_is_told(compressor: Compressor) -> None:
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "tool", "tool_call_id": "a", "content": PROSE},
        {"role": "tool", "tool_call_id": "b", "content": DOCUMENTS[1]["text"]},
    ]
    result = run(compressor, messages=messages, target_ratio=0.5)
    assert {"stopped", "confidence", "stop_step"} <= result.method_details.keys()
    # A message before any question is ordered by importance: nobody asked how sure it is.
    later = run(compressor, messages=[{"role": "assistant", "content": PROSE}, *messages], target_ratio=0.5)
    assert later.method_details == result.method_details


def test_mistakes_name_the_option() -> None:
    for wrong in (0, 1, 1.5, "0.9"):
        with pytest.raises(InvalidValue) as caught:
            ask(build_compressor(), options={"confidence": wrong})
        assert caught.value.field == "options.confidence"


@given(text=any_text, query=questions, ratio=st.sampled_from([0.05, 0.2, 0.5, 0.8]), confidence=st.floats(0.1, 0.99))
def test_never_above_the_target(
    compressor: Compressor, text: str, query: str | None, ratio: float, confidence: float
) -> None:
    result = run(compressor, text=text, query=query, target_ratio=ratio, options={"confidence": confidence})
    if result.status == "compressed":
        assert result.usage.tokens_after <= ratio * result.usage.tokens_before


@given(texts=st.lists(sentences, min_size=1, max_size=4), query=questions, confidence=st.floats(0.1, 0.99))
def test_same_request_same_bytes_from_the_cache_or_not(
    compressor: Compressor, cached: Compressor, texts: list[str], query: str | None, confidence: float
) -> None:
    fields: dict[str, Any] = {"texts": texts, "query": query, "options": {"confidence": confidence}}
    first, second, third = run(compressor, **fields), run(cached, **fields), run(cached, **fields)
    assert first.texts == second.texts == third.texts
    assert first.method_details == second.method_details == third.method_details
