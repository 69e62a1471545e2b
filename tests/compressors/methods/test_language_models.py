"""Selective Context, DSPC's fine stage and EHPC, on a tiny untrained model: what holds whatever a model says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptpress import CausalLMSettings, CompressionRequest, CompressionResult, Compressor, build_compressor
from promptpress.backends.causal_lm import embedded
from promptpress.backends.loader import ModelLoader
from promptpress.content import STRUCTURED_KINDS, segment
from promptpress.errors import CompressionError, InvalidValue, ModelUnavailable, TargetRequired
from promptpress.methods.dspc.fine import FineOptions, positions
from promptpress.text.facts import fact_spans, uncuttable_spans
from promptpress.text.graphemes import clusters
from promptpress.text.tokenization import counter_for
from promptpress.text.tokens import Tokens
from tests.compressors.backends.causal_lm.tiny import save
from tests.conftest import PROSE
from tests.strategies import any_text, sentences

QUESTION = "What was Amundsen's ship called?"
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("selective_context", {"unit": "token"}),
    ("selective_context", {"unit": "word", "unit_pool": "sum"}),
    ("selective_context", {"unit": "phrase", "context": "document"}),
    ("selective_context", {"unit": "sentence"}),
    ("ehpc", {"unit": "token", "layer": 1, "heads": [0, 2]}),
    ("ehpc", {"unit": "word", "evaluator": "encoder"}),
    ("ehpc", {"unit": "sentence", "evaluator": "causal_lm", "layer": 0, "heads": [3], "across_windows": "share"}),
    ("dspc", {"stages": "both", "unit": "token"}),
    ("dspc", {"stages": "fine", "unit": "word", "attention_from": "all", "attention_heads": "max"}),
    ("dspc", {"stages": "both", "unit": "phrase", "attention_weight": 0.0, "loss_sign": "absolute"}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def tiny(folder: str) -> Compressor:
    return build_compressor(causal_lm=CausalLMSettings(folder))


def run(compressor: Compressor, **fields: Any) -> CompressionResult:
    return compressor.compress(CompressionRequest(include=["spans", "scores"], **fields))


@pytest.mark.parametrize(("method", "options"), VARIANTS)
@settings(max_examples=12)
@given(text=any_text, ratio=st.sampled_from([0.1, 0.4, 0.8]), query=st.sampled_from([None, QUESTION]))
def test_invariants(
    tiny: Compressor, method: str, options: dict[str, Any], text: str, ratio: float, query: str | None
) -> None:
    result = run(tiny, text=text, method=method, options=options, target_ratio=ratio, query=query)
    count = counter_for().count
    assert result.usage.tokens_after == count(result.text or "")
    if result.status == "unchanged":
        assert result.text == text
        return
    assert result.usage.tokens_after <= ratio * result.usage.tokens_before
    assert "".join(text[start:end] for start, end in result.spans or []) == result.text
    assert set(clusters(result.text or "")) <= set(clusters(text))
    assert run(tiny, text=text, method=method, options=options, target_ratio=ratio, query=query).text == result.text


@settings(max_examples=30)
@given(text=sentences, variant=st.sampled_from([v for v in VARIANTS if v[1]["unit"] != "sentence"]))
def test_a_kept_sentence_keeps_its_facts(tiny: Compressor, text: str, variant: tuple[str, dict[str, Any]]) -> None:
    method, options = variant
    result = run(tiny, text=text, method=method, options=options, target_ratio=0.5)
    if result.status == "unchanged":
        return
    kept = {i for start, end in result.spans or [] for i in range(start, end) if not text[i].isspace()}
    for unit in segment(text).units:
        inside = {i for i in range(unit.start, unit.end) if not text[i].isspace()}
        if unit.kind in STRUCTURED_KINDS or not inside & kept:
            continue
        for start, end in fact_spans(text):
            fact = set(range(start, end)) & inside
            assert fact <= kept or fact.isdisjoint(kept & set().union(*[range(*s) for s in uncuttable_spans(text)])), text


def test_must_not_exceed(tiny: Compressor) -> None:
    text = (
        "The manual says that the dose must not exceed 5 mg a day for patients such as Miriam. "
        "It also tells at great length how the bottle is opened and where it is best kept at home."
    )
    for ratio in (0.2, 0.3, 0.5, 0.7):
        for method, options in VARIANTS:
            kept = run(tiny, text=text, method=method, options=options, target_ratio=ratio).text or ""
            if any(word in kept.split() for word in ("manual", "dose", "exceed", "patients", "5")):
                for fact in ("must", "not", "5 mg", "Miriam"):
                    assert fact in kept


@pytest.mark.parametrize(("method", "options"), [v for v in VARIANTS if v[1]["unit"] != "sentence"])
def test_budgets_are_met_closely(tiny: Compressor, method: str, options: dict[str, Any]) -> None:
    text = "\n\n".join(PROSE.replace("1911", str(1900 + i)) for i in range(12))
    result = run(tiny, text=text, method=method, options=options, target_tokens=600, query=QUESTION)
    assert 594 <= result.usage.tokens_after <= 600


def test_without_a_target_selective_context_drops_below_the_quantile(tiny: Compressor) -> None:
    text = "The cat sat on the mat. The dog did see the cat. Another one came into that house later on. Green ideas sleep."
    result = run(tiny, text=text, method="selective_context", options={"unit": "sentence", "reduce_ratio": 0.5})
    scores = [each.score for each in result.scores or []]  # type: ignore[union-attr]
    least = np.percentile(scores, 50)
    assert [each.kept for each in result.scores or []] == [score >= least for score in scores]  # type: ignore[union-attr]
    whole = run(tiny, text=text, method="selective_context", options={"unit": "sentence", "reduce_ratio": 0.0})
    assert whole.text == text


def test_selective_contexts_scores_are_mean_losses(tiny: Compressor, folder: str) -> None:
    result = run(tiny, text=PROSE, method="selective_context", options={"unit": "sentence"}, target_ratio=0.5)
    model = ModelLoader(causal_lm=CausalLMSettings(folder)).causal_lm()
    for each in result.scores or []:
        sentence = PROSE[each.start : each.end]  # type: ignore[union-attr]
        (tokens,) = model.tokenize([sentence])
        filled = [bool(sentence[a:b].strip()) for a, b in zip(tokens.starts, tokens.ends, strict=True)]
        expected = model.losses([tokens.ids])[0][0][filled].mean()
        assert each.score == pytest.approx(float(expected), abs=1e-3)  # type: ignore[union-attr]


def test_the_cap_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"above cap 0\.5"):
        build_compressor().compress(
            CompressionRequest(text=PROSE, method="selective_context", options={"reduce_ratio": 0.8})
        )


def test_where_there_is_no_model_the_setting_is_named() -> None:
    if embedded.is_present():
        pytest.skip("this version holds a model")
    compressor = build_compressor()
    compressor.warm_up()
    compressor.loaded_models()
    for method, options in (
        ("selective_context", {}),
        ("ehpc", {"evaluator": "causal_lm"}),
        ("dspc", {"stages": "both"}),
    ):
        with pytest.raises(CompressionError, match="causal_lm") as caught:
            run(compressor, text=PROSE, method=method, options=options, target_ratio=0.5)
        assert caught.value.field == "method"
    assert run(compressor, text=PROSE, method="ehpc", target_ratio=0.5).models == ["all-MiniLM-L6-v2/attention/fp32"]


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"evaluator": "causal_lm"}, "options.heads", "find-heads"),
        ({"layer": 9, "heads": [0]}, "options.layer", "layers 0 to 2"),
        ({"layer": 0, "heads": [0, 4]}, "options.heads", "heads 0 to 3"),
        ({"evaluator": "encoder", "heads": [12]}, "options.heads", "heads 0 to 11"),
        ({"heads": [-1]}, "options.heads.0", "greater than or equal"),
    ],
)
def test_heads_that_do_not_fit_are_named(tiny: Compressor, options: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message) as caught:
        run(tiny, text=PROSE, query=QUESTION, method="ehpc", options=options, target_ratio=0.5)
    assert caught.value.field == field


def test_a_file_of_heads_is_used(folder: str, tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    heads.write_text('{"layer": 2, "heads": [1, 3], "window": 4, "kernel": 8, "accepted": true}')
    compressor = build_compressor(causal_lm=CausalLMSettings(folder, heads=heads))
    result = run(compressor, text=PROSE, query=QUESTION, method="ehpc", target_ratio=0.5)
    assert (result.method_details["layer"], result.method_details["heads"]) == (2, [1, 3])
    assert result.models == [f"{folder}/float32"]
    heads.write_text('{"layer": 7, "heads": [1]}')
    with pytest.raises(ModelUnavailable, match="layers 0 to 2"):
        ModelLoader(causal_lm=CausalLMSettings(folder, heads=heads)).load_chosen()


def test_a_wrong_small_model_stops_the_start(folder: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="causal_lm_small"):
        ModelLoader(causal_lm=CausalLMSettings(folder, str(tmp_path))).load_chosen()
    with pytest.raises(ModelUnavailable, match="causal_lm:"):
        ModelLoader(causal_lm=CausalLMSettings(str(tmp_path))).load_chosen()
    ModelLoader().load_chosen()


def test_a_second_model_gives_the_small_losses(folder: str, tmp_path: Path) -> None:
    other = save(tmp_path, "gpt2", seed=1)
    compressor = build_compressor(causal_lm=CausalLMSettings(folder, other))
    options = {"stages": "both", "attention_weight": 0.0, "position_weight": 0.0}
    result = run(compressor, text=PROSE, method="dspc", options=options, target_ratio=0.5)
    assert result.method_details["small"] == f"{other}/float32"
    assert result.method_details["large"] == f"{folder}/float32"
    assert result.models[1:] == [f"{folder}/float32", f"{other}/float32"]
    early = run(
        build_compressor(causal_lm=CausalLMSettings(folder)), text=PROSE, method="dspc", options=options, target_ratio=0.5
    )
    assert early.method_details["small"] == "early exit of the same model"
    assert early.scores != result.scores


def test_what_the_coarse_stage_drops_comes_last(tiny: Compressor) -> None:
    text = PROSE + "\n\nBread is baked from flour and some people like it very much."
    result = run(tiny, text=text, query=QUESTION, method="dspc", options={"stages": "both"}, target_ratio=0.3)
    assert "flour" not in (result.text or "")
    with pytest.raises(TargetRequired):
        run(tiny, text=text, query=QUESTION, method="dspc", options={"stages": "both"})


def test_the_middle_has_the_bonus() -> None:
    ids = np.zeros(50, dtype=np.int64)
    first, second = positions([Tokens(ids, ids, ids)] * 2, FineOptions())
    assert first[0] == pytest.approx(1 + np.exp(-2), abs=1e-3)
    assert second[0] == pytest.approx(2)
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("method", ["selective_context", "ehpc", "dspc"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: "a",
        lambda: "a " * 50_000,
        lambda: "It is <|endoftext|> that he typed, not <|endoftext|> or [CLS] or <s>. And then some more of it.",
        lambda: "",
        lambda: " \n ",
        lambda: "😀👨‍👩‍👧 " * 40,
        lambda: "你好世界。" * 60,
    ],
)
def test_odd_texts(tiny: Compressor, method: str, make: Callable[[], str]) -> None:
    text = make()
    options = (
        {"stages": "both"} if method == "dspc" else {"layer": 1, "heads": [0]} if method == "ehpc" else {"unit": "token"}
    )
    result = run(tiny, text=text, method=method, options=options, target_ratio=0.5)
    assert result.usage.tokens_after <= max(result.usage.tokens_before * 0.5, 0) or result.text == text
    assert "".join(text[a:b] for a, b in result.spans or []) == result.text


def test_neighbours_in_a_request_do_not_change_self_information(tiny: Compressor) -> None:
    options = {"unit": "word", "context": "document"}
    alone = run(tiny, texts=[PROSE], method="selective_context", options=options, target_ratio=0.5).scores or []
    among = run(tiny, texts=["Short.", PROSE, PROSE[:90]], method="selective_context", options=options, target_ratio=0.5)
    expected = [(each.start, each.score) for each in alone[0]]  # type: ignore[union-attr]
    found = [(each.start, each.score) for each in (among.scores or [])[1]]  # type: ignore[union-attr]
    assert [start for start, _ in found] == [start for start, _ in expected]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], atol=1e-4)
