"""Scope with the embedded rewriter: what the receipt says, what stays, what a chat gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import CompressionRequest, CompressionResult, Compressor
from promptpress.content import segment
from promptpress.runtime.progress import Progress, listening
from promptpress.text.facts import scope_spans, uncuttable_spans
from tests.compressors.backends.rewriter.test_endpoint import PARAGRAPHS, TEXT
from tests.conftest import PROSE
from tests.strategies import sentences


def run(compressor: Compressor, **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(**{"text": TEXT, "method": "scope", "include": ["spans"], **fields}))


def test_the_receipt_covers_the_text_and_says_what_became_of_each_chunk(compressor: Compressor) -> None:
    result = run(compressor, query="Who wakes up at night?", target_ratio=0.5)
    chunks = result.method_details["chunks"]
    assert result.method_details["rewriter"] == "deletion/1"
    assert chunks[0]["start"] == 0 or chunks[-1]["start"] == 0
    assert sum(chunk["end"] - chunk["start"] for chunk in chunks) >= len(TEXT.replace("\n", "")) - len(chunks)
    for chunk in chunks:
        kept = "".join(
            TEXT[max(s, chunk["start"]) : min(e, chunk["end"])]
            for s, e in result.spans or []
            if s < chunk["end"] and e > chunk["start"]
        )
        if chunk["outcome"] == "verbatim":
            assert kept == TEXT[chunk["start"] : chunk["end"]]
        elif chunk["outcome"] == "dropped":
            assert not kept
        else:
            assert 0 < len(kept) < chunk["end"] - chunk["start"]


def test_the_most_important_chunk_stays_as_it_is(compressor: Compressor) -> None:
    documents = [{"text": paragraph} for paragraph in PARAGRAPHS]
    query = "What does the baker do at night with flour, water and salt?"
    result = compressor.compress(CompressionRequest(documents=documents, query=query, method="scope", target_ratio=0.5))
    best = max(result.method_details["chunks"], key=lambda chunk: chunk["importance"])
    assert (best["item"], best["outcome"], best["reason"]) == (1, "verbatim", "most_important")
    assert (result.documents or [])[1].text == PARAGRAPHS[1]


def test_without_a_target_no_sentence_is_dropped(compressor: Compressor) -> None:
    text = "It was very cold in the house, of course. The dog, an animal of great age, was not in the house. It is worth noting that it was 5 years old."
    result = run(compressor, text=text)
    assert result.status == "compressed"
    assert "very" not in (result.text or "")
    for word in ("cold", "dog", "not in the house", "5 years"):
        assert word in (result.text or "")


def test_progress_is_reported_for_each_chunk(compressor: Compressor) -> None:
    steps: list[Progress] = []
    with listening(steps.append):
        result = run(compressor, target_ratio=0.5)
    assert [step.done for step in steps] == list(range(1, len(result.method_details["chunks"]) + 1))


@pytest.mark.parametrize("target", [{"target_ratio": 0.5}, {"target_tokens": 120}])
def test_chunks_of_a_chat_name_their_message(compressor: Compressor, target: dict[str, Any]) -> None:
    messages = [
        {"role": "user", "content": "Which ship?"},
        {"role": "tool", "tool_call_id": "a", "content": PROSE},
        {"role": "assistant", "content": [{"type": "text", "text": TEXT}]},
        {"role": "user", "content": "And then?"},
    ]
    result = compressor.compress(CompressionRequest(messages=messages, method="scope", **target))
    places = {(chunk["message"], tuple(chunk["path"])) for chunk in result.method_details["chunks"]}
    assert {(1, ("content",)), (2, ("content", 0, "text"))} <= places
    assert not any("item" in chunk for chunk in result.method_details["chunks"])


@given(text=sentences, ratio=st.sampled_from([None, 0.3, 0.6, 0.9]))
def test_a_sentence_that_is_kept_keeps_its_facts_and_negations(
    compressor: Compressor, text: str, ratio: float | None
) -> None:
    text = f"It was very cold in the house, of course, and it was not really that late. {text}"
    result = run(compressor, text=text, target_ratio=ratio)
    kept = {i for start, end in result.spans or [] for i in range(start, end)}
    for unit in segment(text).units:
        inside = [i for i in range(unit.start, unit.end) if not text[i].isspace()]
        if "cut_inside_sentence" in str(result.warnings) or not any(i in kept for i in inside):
            continue
        part = text[unit.start : unit.end]
        for start, end in [*uncuttable_spans(part), *scope_spans(part)]:
            assert all(unit.start + i in kept for i in range(start, end) if not part[i].isspace()), part[start:end]
