from pathlib import Path

import numpy as np
import pytest

from promptpress.backends.cross_encoder.reader import WEIGHTS, EvidenceReader, Reading
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
def reader() -> EvidenceReader:
    return EvidenceReader()


def read(reader: EvidenceReader, encoder: EmbeddedEncoder, texts: list[str], question: str = QUESTION) -> list[Reading]:
    passages = [segment(text, "Skagen") for text in texts]
    tokens = encoder.tokenize([question, "Skagen", *texts])
    cut = [
        (tokens[1].ids, window) for passage, t in zip(passages, tokens[2:], strict=True) for window in windows(passage, t)
    ]
    return reader.read(tokens[0].ids, cut)


def same(a: Reading, b: Reading) -> bool:
    return np.array_equal(a.units, b.units) and np.array_equal(a.scores, b.scores) and a.passage == b.passage


def test_a_reading_is_bit_for_bit_the_same_alone_and_in_company(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    together = read(reader, encoder, TEXTS * 2)
    alone = [reading for text in TEXTS * 2 for reading in read(reader, encoder, [text])]
    assert len(together) > len(TEXTS)
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))


def test_threads_change_nothing(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    single = EvidenceReader(threads=1)
    assert all(same(a, b) for a, b in zip(read(single, encoder, TEXTS), read(reader, encoder, TEXTS), strict=True))


def test_the_answer_s_sentence_scores_highest(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    lighthouse, rain = read(reader, encoder, TEXTS[1:3])
    assert int(lighthouse.scores.argmax()) == 0
    assert lighthouse.scores.max() + lighthouse.passage > rain.scores.max() + rain.passage


def test_int8_orders_units_like_fp32(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    exact = EvidenceReader(precision="fp32")
    pairs = zip(read(reader, encoder, TEXTS[:3]), read(exact, encoder, TEXTS[:3]), strict=True)
    quantised, full = (
        np.concatenate(s) for s in zip(*((a.scores + a.passage, b.scores + b.passage) for a, b in pairs), strict=True)
    )
    assert np.corrcoef(quantised, full)[0, 1] > 0.97


def test_an_empty_question_and_no_windows_are_read(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    assert reader.read(encoder.tokenize([""])[0].ids, []) == []
    assert all(np.isfinite(reading.scores).all() for reading in read(reader, encoder, TEXTS, question=""))


def test_a_question_longer_than_the_window_is_cut(reader: EvidenceReader, encoder: EmbeddedEncoder) -> None:
    assert all(np.isfinite(reading.scores).all() for reading in read(reader, encoder, TEXTS, question="why " * 3000))


def test_other_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "evidence.safetensors"
    changed.write_bytes(WEIGHTS.read_bytes()[:-1] + b"\0")
    (tmp_path / "evidence.sha256").write_bytes(WEIGHTS.with_suffix(".sha256").read_bytes())
    with pytest.raises(ModelUnavailable, match="reinstall"):
        EvidenceReader(weights=changed)
    with pytest.raises(ModelUnavailable, match="missing"):
        EvidenceReader(weights=tmp_path / "none.safetensors")


def test_the_name_tells_weights_and_arithmetic_apart(reader: EvidenceReader) -> None:
    assert reader.name != EvidenceReader(precision="fp32").name


def test_the_shipped_file_stays_small() -> None:
    assert WEIGHTS.stat().st_size <= 25_000_000
