from pathlib import Path

import numpy as np
import pytest

from promptpress.backends.cross_encoder.model import WEIGHTS, CrossEncoder, WindowScores
from promptpress.backends.cross_encoder.windows import windows
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from promptpress.content import segment
from promptpress.errors import ModelUnavailable
from tests.conftest import PROSE

TEXTS = [
    PROSE,
    "The lighthouse was built in 1858 by Niels Singels. It is 46 metres tall. Visitors may climb its 210 steps.",
    "It rained for three days. Nobody could say when it would end, and the harvest was lost.",
    "x" * 900,
    "你好，世界。今天下雨。",
]
QUESTION = "When was the lighthouse built?"


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


@pytest.fixture(scope="module")
def model() -> CrossEncoder:
    return CrossEncoder()


def score(model: CrossEncoder, encoder: EmbeddedEncoder, texts: list[str], question: str = QUESTION) -> list[WindowScores]:
    passages = [segment(text, "Skagen") for text in texts]
    tokens = encoder.tokenize([question, "Skagen", *texts])
    cut = [
        (tokens[1].ids, window) for passage, t in zip(passages, tokens[2:], strict=True) for window in windows(passage, t)
    ]
    return model.score(tokens[0].ids, cut)


def same(a: WindowScores, b: WindowScores) -> bool:
    return np.array_equal(a.units, b.units) and np.array_equal(a.scores, b.scores) and a.passage == b.passage


def test_a_window_s_scores_are_bit_for_bit_the_same_alone_and_in_company(
    model: CrossEncoder, encoder: EmbeddedEncoder
) -> None:
    together = score(model, encoder, TEXTS * 2)
    alone = [each for text in TEXTS * 2 for each in score(model, encoder, [text])]
    assert len(together) > len(TEXTS)
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))


def test_threads_change_nothing(model: CrossEncoder, encoder: EmbeddedEncoder) -> None:
    single = CrossEncoder(threads=1)
    assert all(same(a, b) for a, b in zip(score(single, encoder, TEXTS), score(model, encoder, TEXTS), strict=True))


def test_the_answer_s_sentence_scores_highest(model: CrossEncoder, encoder: EmbeddedEncoder) -> None:
    lighthouse, rain = score(model, encoder, TEXTS[1:3])
    assert int(lighthouse.scores.argmax()) == 0
    assert lighthouse.scores.max() + lighthouse.passage > rain.scores.max() + rain.passage


def test_int8_orders_units_like_fp32(model: CrossEncoder, encoder: EmbeddedEncoder) -> None:
    exact = CrossEncoder(precision="fp32")
    pairs = zip(score(model, encoder, TEXTS[:3]), score(exact, encoder, TEXTS[:3]), strict=True)
    quantised, full = (
        np.concatenate(s) for s in zip(*((a.scores + a.passage, b.scores + b.passage) for a, b in pairs), strict=True)
    )
    assert np.corrcoef(quantised, full)[0, 1] > 0.97


def test_an_empty_question_and_no_windows_are_accepted(model: CrossEncoder, encoder: EmbeddedEncoder) -> None:
    assert model.score(encoder.tokenize([""])[0].ids, []) == []
    assert all(np.isfinite(each.scores).all() for each in score(model, encoder, TEXTS, question=""))


def test_a_question_longer_than_the_window_is_cut(model: CrossEncoder, encoder: EmbeddedEncoder) -> None:
    assert all(np.isfinite(each.scores).all() for each in score(model, encoder, TEXTS, question="why " * 3000))


def test_other_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "evidence.safetensors"
    changed.write_bytes(WEIGHTS.read_bytes()[:-1] + b"\0")
    (tmp_path / "evidence.sha256").write_bytes(WEIGHTS.with_suffix(".sha256").read_bytes())
    with pytest.raises(ModelUnavailable, match="reinstall"):
        CrossEncoder(weights=changed)
    with pytest.raises(ModelUnavailable, match="missing"):
        CrossEncoder(weights=tmp_path / "none.safetensors")


def test_the_name_tells_weights_and_arithmetic_apart(model: CrossEncoder) -> None:
    assert model.name != CrossEncoder(precision="fp32").name


def test_the_shipped_file_stays_small() -> None:
    assert WEIGHTS.stat().st_size <= 25_000_000
