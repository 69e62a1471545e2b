import numpy as np
import pytest

from promptpress import CompressionRequest, Compressor, Document
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.methods.evidence import Evidence, EvidenceOptions, combined
from promptpress.methods.hybrid import Hybrid, HybridOptions
from promptpress.methods.relevance import RelevanceSignals
from promptpress.scores import ScoreArray, Scored
from tests.conftest import PROSE

LOADER = ModelLoader()
DOCUMENTS = [
    Document(title="Skagen", text="Skagen is a town in Denmark. Its lighthouse was built in 1858. It is 46 metres tall."),
    Document(title="Ribe", text="Ribe is the oldest town of Denmark. Its cathedral was begun in 1150, in a time of peace."),
    Document(title="Rain", text=PROSE),
]


@pytest.fixture(scope="module")
def compressor() -> Compressor:
    return Compressor(LOADER.models(LruVectorCache()))


def ask(compressor: Compressor, question: str, **fields):  # type: ignore[no-untyped-def]
    request = CompressionRequest(documents=DOCUMENTS, query=question, method="evidence", **fields)
    return compressor.compress(request)


def test_the_evidence_is_kept_and_its_document_is_most_relevant(compressor: Compressor) -> None:
    result = ask(compressor, "When was the lighthouse of Skagen built?", target_tokens=14)
    assert "built in 1858" in result.documents[0].text
    relevance = [document.relevance for document in result.documents]
    assert relevance[0] == max(relevance)


def test_the_models_are_named(compressor: Compressor) -> None:
    result = ask(compressor, "How tall is it?", target_ratio=0.3)
    assert len(result.models) == 2
    assert any("evidence" in name for name in result.models)


def test_nothing_read_is_the_relevance_alone() -> None:
    models = LOADER.models()
    passages = [segment(d.text, d.title or "") for d in DOCUMENTS]
    evidence = Evidence(models).score(passages, "When was it built?", EvidenceOptions(read_tokens=0))
    hybrid = Hybrid(models).score(passages, "When was it built?", HybridOptions())
    assert all(np.array_equal(a, b) for a, b in zip(evidence.units, hybrid.units, strict=True))


def test_reading_stops_at_the_limit() -> None:
    models = LOADER.models()
    passages = [segment(f"{PROSE} Number {i}.", f"Part {i}") for i in range(12)]
    few, all_of_it = (
        Evidence(models).score(passages, "Who came?", EvidenceOptions(read_tokens=limit)).details["read_units"]
        for limit in (300, 100_000)
    )
    assert 0 < few < all_of_it == sum(len(p.units) for p in passages)


def test_what_was_not_read_scores_no_higher_than_by_the_least_evidence() -> None:
    models = LOADER.models()
    passages = [segment(f"{PROSE} Number {i}.", f"Part {i}") for i in range(12)]
    scored = Evidence(models).score(passages, "Who came?", EvidenceOptions(read_tokens=300))
    assert all(np.isfinite(units).all() for units in scored.units)
    assert scored.passages is not None
    assert np.isfinite(scored.passages).all()


def weighed(documents: int, length: float, of: str) -> float:
    """What one more of a signal, or of the evidence, adds to the score of a sentence."""

    def value(name: str) -> ScoreArray:
        return np.asarray([name == of], dtype=np.float32)

    signals = RelevanceSignals(
        similarity=value("similarity"),
        document=value("document"),
        lexical=value("lexical"),
        title_mention=value("title_mention"),
        document_weight=1.5,
        lexical_weight=np.ones(1, np.float32),
        context_free=np.zeros(1, bool),
        passage_similarity=np.zeros(documents, np.float32),
        query_length=length,
    )
    return float(combined(signals, value("evidence"), documents)[0])


def test_among_many_documents_the_evidence_weighs_less_and_long_questions_are_nearly_like_short_ones() -> None:
    assert (
        weighed(5, 0, "evidence") > weighed(10, 0, "evidence") > weighed(15, 0, "evidence") > weighed(20, 0, "evidence") > 0
    )
    assert weighed(20, 0, "evidence") == weighed(500, 0, "evidence")
    assert weighed(10, 1, "document") == 0
    assert 0 < weighed(20, 1, "document") < weighed(20, 0, "document")


def test_without_a_target_it_stops_by_itself(compressor: Compressor) -> None:
    result = ask(compressor, "When was the lighthouse of Skagen built?")
    assert "built in 1858" in result.documents[0].text
    assert result.usage.ratio < 1


@pytest.mark.parametrize("text", ["", " \n ", "Why?", "你好。", "a" * 5000])
def test_odd_texts(compressor: Compressor, text: str) -> None:
    request = CompressionRequest(text=text, query="Who?", method="evidence", target_ratio=0.5)
    assert compressor.compress(request).usage.tokens_after <= max(1, len(text))


def test_a_long_query_and_long_titles_do_not_keep_it_from_reading() -> None:
    models = LOADER.models()
    passages = [segment(f"{PROSE} Number {i}.", "A very long title " * 60) for i in range(12)]
    scored = Evidence(models).score(passages, "Please tell me now. " * 400 + "Who came?", EvidenceOptions())
    assert scored.details["read_units"] > 20


def test_json_and_code_are_left_to_the_relevance() -> None:
    models = LOADER.models()
    texts = [f'{{"name": "tool_{i}", "description": "Finds the harbour {i}", "limit": {i}}}' for i in range(6)]
    passages = [segment(text, f"Tool {i}") for i, text in enumerate(texts)]
    evidence = Evidence(models).score(passages, "Which tool finds the harbour?", EvidenceOptions())
    hybrid = Hybrid(models).score(passages, "Which tool finds the harbour?", HybridOptions())
    assert evidence.details == {"read_units": 0, "query_expansion": False}
    assert all(np.array_equal(a, b) for a, b in zip(evidence.units, hybrid.units, strict=True))


TWO_STEPS = [
    ("The Salt Road", "The Salt Road is a film of 1962. The music of The Salt Road is by Edna Marlow."),
    ("Edna Marlow", "Edna Marlow was born in Dunmore, a harbour town. She kept bees."),
    ("Robert Pell", "Robert Pell was born in Leeds, an old city. He painted birds."),
    ("Anna Torres", "Anna Torres was born in Vigo, where she died. She sold fish."),
    ("Rain", PROSE),
]
TWO_STEPS_QUESTION = "Where was the person born who made the music of The Salt Road?"


def scored(expansion: bool, question: str = TWO_STEPS_QUESTION, documents: int = 5) -> Scored:
    texts = TWO_STEPS + [(f"Part {i}", PROSE) for i in range(documents - len(TWO_STEPS))]
    passages = [segment(text, title) for title, text in texts]
    return Evidence(LOADER.models()).score(passages, question, EvidenceOptions(query_expansion=expansion))


def test_query_expansion_raises_whom_the_first_names_above_others_like_them() -> None:
    def lead(found: Scored) -> float:
        _, composer, painter, seller, _ = found.units
        return float(composer[0] - max(painter[0], seller[0]))

    assert lead(scored(True)) > lead(scored(False)) + 0.2
    assert scored(True).details["query_expansion"] is True


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("where was the person born who made the music of that film?", 5),
        (TWO_STEPS_QUESTION, 20),
        ("Missä syntyi henkilö, joka sävelsi elokuvan The Salt Road musiikin Helsingissä?", 5),
    ],
    ids=["no names", "many documents", "words unknown to the encoder"],
)
def test_where_query_expansion_is_not_worth_it_there_is_none(question: str, documents: int) -> None:
    first, second = (scored(each, question, documents) for each in (False, True))
    assert all(np.array_equal(a, b) for a, b in zip(first.units, second.units, strict=True))
    assert second.details["query_expansion"] is False


def test_query_expansion_keeps_the_scale_of_the_scores() -> None:
    first, second = (np.concatenate(scored(each).units) for each in (False, True))
    assert not np.array_equal(first, second)
    assert second.mean() == pytest.approx(first.mean(), abs=1e-4)
    assert second.std() == pytest.approx(first.std(), rel=1e-4)


def test_a_chats_details_are_those_of_all_its_messages() -> None:
    told = " ".join(text for _, text in TWO_STEPS)
    question = {"role": "user", "content": TWO_STEPS_QUESTION}
    chat = [{"role": "user", "content": told}, question, *({"role": "tool", "content": told} for _ in range(2))]
    request = CompressionRequest(messages=chat, target_ratio=0.5, compress_roles=["user", "tool"])
    result = Compressor(LOADER.models()).compress(request)
    alone = scored(True, documents=5)
    assert result.method == "evidence"
    assert result.method_details["query_expansion"] is True
    assert result.method_details["read_units"] == 2 * len(segment(told, "").units)
    assert alone.details.keys() == result.method_details.keys()
