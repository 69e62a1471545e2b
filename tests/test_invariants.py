"""The promises of the service, over generated text; the benchmark checks the same over real data."""

import json
from typing import Any

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from promptpress import BudgetInfeasible, CompressionRequest, CompressionResult, Compressor
from promptpress.content import STRUCTURED_KINDS, segment
from promptpress.text.facts import uncuttable_spans
from promptpress.text.graphemes import clusters
from promptpress.text.tokenization import counter_for
from tests.conftest import PROSE
from tests.strategies import any_text, json_documents, sentences

METHODS = ("dspc", "truncate", "random", "auto", "scope", "acc_rag")
TOKENIZERS = ("o200k_base", "llama3", "gemma3")
requests = st.fixed_dictionaries(
    {
        "target_ratio": st.sampled_from([0.05, 0.2, 0.5, 0.8, 0.95]),
        "method": st.sampled_from(METHODS),
        "tokenizer": st.sampled_from(TOKENIZERS),
        "protect": st.sampled_from(["facts", "none"]),
    }
)


def run(compressor: Compressor, **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(include=["spans", "scores"], **fields))


@given(text=any_text, fields=requests)
def test_never_longer_never_over_budget(compressor: Compressor, text: str, fields: dict[str, Any]) -> None:
    result = run(compressor, text=text, **fields)
    count = counter_for(tokenizer=fields["tokenizer"]).count
    assert result.usage.tokens_before == count(text)
    assert result.usage.tokens_after == count(result.text or "")
    if result.status == "unchanged":
        assert result.text == text
        assert result.reason
    else:
        assert result.usage.tokens_after <= fields["target_ratio"] * result.usage.tokens_before
        assert result.usage.tokens_after < result.usage.tokens_before


@given(text=any_text, tokens=st.integers(1, 60), method=st.sampled_from(METHODS))
def test_target_tokens_is_always_met(compressor: Compressor, text: str, tokens: int, method: str) -> None:
    result = run(compressor, text=text, target_tokens=tokens, method=method)
    assert result.usage.tokens_after <= tokens


@given(text=any_text, fields=requests)
def test_every_character_is_in_an_ordered_span(compressor: Compressor, text: str, fields: dict[str, Any]) -> None:
    result = run(compressor, text=text, **fields)
    assert result.spans is not None
    edges = [edge for span in result.spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in result.spans)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    assert "".join(text[start:end] for start, end in result.spans) == result.text


@given(text=any_text, fields=requests)
def test_no_character_that_was_not_there(compressor: Compressor, text: str, fields: dict[str, Any]) -> None:
    result = run(compressor, text=text, **fields)
    (result.text or "").encode()
    assert set(clusters(result.text or "")) <= set(clusters(text))


@given(text=any_text, tokens=st.integers(5, 60))
def test_idempotent(compressor: Compressor, text: str, tokens: int) -> None:
    first = run(compressor, text=text, target_tokens=tokens)
    second = run(compressor, text=first.text, target_tokens=tokens)
    assert second.text == first.text


@given(texts=st.lists(sentences, min_size=1, max_size=4), query=st.sampled_from([None, "What is Paris?"]))
def test_same_request_same_bytes_whatever_ran_before(compressor: Compressor, texts: list[str], query: str | None) -> None:
    fields = {"texts": texts, "query": query, "target_ratio": 0.5}
    first = run(compressor, **fields)
    run(compressor, text=PROSE, target_ratio=0.3)
    second = run(compressor, **fields)
    assert first.texts == second.texts
    assert first.scores == second.scores


@given(
    document=json_documents,
    ratio=st.sampled_from([0.1, 0.3, 0.6, 0.9]),
    method=st.sampled_from(["dspc", "random", "scope", "acc_rag"]),
)
def test_json_in_json_out(compressor: Compressor, document: str, ratio: float, method: str) -> None:
    result = run(compressor, text=document, target_ratio=ratio, method=method)
    if result.text:
        value, original = json.loads(result.text), json.loads(document)
        assert type(value) is type(original)
        assert _is_part_of(value, original)


def _is_part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part_of(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        rest = iter(whole)
        return all(any(_is_part_of(value, other) for other in rest) for value in part)
    return type(part) is type(whole) and part == whole


@given(
    blocks=st.lists(st.sampled_from(["Text here. And more.", "```\na\n\nb\n```", "~~~\nc\n~~~"]), max_size=8),
    ratio=st.floats(0.1, 0.9),
)
def test_fences_stay_balanced(compressor: Compressor, blocks: list[str], ratio: float) -> None:
    result = run(compressor, text="\n\n".join(blocks), target_ratio=ratio, method="random")
    assert (result.text or "").count("```") % 2 == 0
    assert (result.text or "").count("~~~") % 2 == 0


@given(text=sentences, fields=requests)
def test_no_fact_is_kept_in_part(compressor: Compressor, text: str, fields: dict[str, Any]) -> None:
    result = run(compressor, text=text, **{**fields, "protect": "facts"})
    if any(unit.kind in STRUCTURED_KINDS for unit in segment(text).units):
        return
    kept = {i for start, end in result.spans or [] for i in range(start, end)}
    for start, end in uncuttable_spans(text):
        inside = sum(i in kept for i in range(start, end) if not text[i].isspace())
        assert inside in (0, sum(not text[i].isspace() for i in range(start, end))), text[start:end]


@given(text=sentences, ratio=st.sampled_from([0.3, 0.6]))
def test_strict_drops_no_fact(compressor: Compressor, text: str, ratio: float) -> None:
    try:
        result = run(compressor, text=text, target_ratio=ratio, protect="strict")
    except BudgetInfeasible:
        return
    digits = regex.compile(r"\d")
    assert len(digits.findall(result.text or "")) == len(digits.findall(text))


@given(before=sentences, kept=st.text("abc .", min_size=1, max_size=30), after=sentences)
def test_keep_tags_keep_and_vanish(compressor: Compressor, before: str, kept: str, after: str) -> None:
    assume(kept.strip())
    text = f"{before}<keep>{kept}</keep>{after}"
    try:
        result = run(compressor, text=text, target_ratio=0.5, method="random")
    except BudgetInfeasible:
        return
    assert kept.strip() in (result.text or "")
    if result.status == "compressed":
        assert "keep>" not in (result.text or "")


_messages = st.lists(
    st.one_of(
        st.builds(lambda text: {"role": "user", "content": text}, sentences),
        st.builds(lambda text: {"role": "assistant", "content": text}, any_text),
        st.builds(lambda text: {"role": "tool", "tool_call_id": "call_1", "content": text}, any_text),
        st.just({"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function"}]}),
        st.builds(
            lambda text: {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": text}]},
            any_text,
        ),
        st.builds(lambda text: {"role": "system", "content": text}, sentences),
    ),
    max_size=5,
)


@given(messages=_messages, appended=_messages, roles=st.sampled_from([None, ["user", "assistant", "tool"]]))
def test_appending_messages_never_changes_earlier_ones(
    compressor: Compressor, messages: list[Any], appended: list[Any], roles: list[str] | None
) -> None:
    short = run(compressor, messages=messages, target_ratio=0.5, compress_roles=roles)
    long = run(compressor, messages=messages + appended, target_ratio=0.5, compress_roles=roles)
    assert short.messages is not None
    assert long.messages is not None
    assert long.messages[: len(messages)] == short.messages


@given(messages=_messages, target=st.sampled_from([{"target_ratio": 0.4}, {"target_tokens": 100}]))
def test_messages_keep_their_frame(compressor: Compressor, messages: list[Any], target: dict[str, Any]) -> None:
    original = json.dumps(messages)
    try:
        result = run(compressor, messages=messages, **target)
    except BudgetInfeasible:
        return
    assert json.dumps(messages) == original
    assert result.messages is not None
    assert [m["role"] for m in result.messages] == [m["role"] for m in messages]
    for before, after in zip(messages, result.messages, strict=True):
        assert {k: v for k, v in before.items() if k != "content"} == {k: v for k, v in after.items() if k != "content"}
        if before["role"] == "system":
            assert before == after
    if "target_tokens" in target and result.status == "compressed":
        assert result.usage.tokens_after <= 100


@pytest.mark.slow
@pytest.mark.parametrize("method", ["dspc", "evidence", "hybrid", "scope", "bm25", "truncate", "random"])
def test_two_hundred_thousand_tokens(compressor: Compressor, method: str) -> None:
    text = "\n\n".join(PROSE.replace("1911", str(1000 + i)) for i in range(1700))
    result = run(compressor, text=text, query="Which ship did Amundsen use?", target_tokens=2000, method=method)
    assert result.usage.tokens_before > 200_000
    assert 1900 < result.usage.tokens_after <= 2000


@pytest.mark.slow
def test_two_hundred_thousand_tokens_and_a_stop_of_its_own(compressor: Compressor) -> None:
    text = "\n\n".join(PROSE.replace("1911", str(1000 + i)) for i in range(1700))
    result = run(compressor, text=text, query="Which ship did Amundsen use?", target_tokens=2000, method="acc_rag")
    assert result.usage.tokens_before > 200_000
    assert 0 < result.usage.tokens_after <= 2000
