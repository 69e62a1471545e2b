import numpy as np
import pytest

from promptpress import CompressionRequest, CompressionResult, Compressor, build_compressor
from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.errors import InvalidValue, TargetRequired, UnknownMethod
from promptpress.methods.dspc.dspc import Dspc, DspcOptions, keywords
from promptpress.methods.registry import methods
from promptpress.result import UnitScore
from promptpress.text.lexical import bm25, terms
from tests.conftest import PROSE

DOCUMENTS = [
    {"title": "Roald Amundsen", "text": PROSE},
    {"title": "Bread", "text": "Bread is baked from flour. It is older than writing. Bakers start at night."},
]
QUESTION = "What was Amundsen's ship called?"


def run(compressor: Compressor, **fields: object) -> CompressionResult:
    return compressor.compress(CompressionRequest(**{"documents": DOCUMENTS, "query": QUESTION, **fields}))


@pytest.mark.parametrize("method", ["auto", "evidence", "hybrid", "dspc", "cosine", "bm25"])
def test_query_aware_methods_keep_the_answer(compressor: Compressor, method: str) -> None:
    result = run(compressor, method=method, target_ratio=0.35)
    assert result.documents is not None
    assert "Fram" in result.documents[0].text
    assert result.documents[1].dropped or len(result.documents[1].text) < len(DOCUMENTS[1]["text"])


def test_documents_carry_their_relevance(compressor: Compressor) -> None:
    documents = run(compressor, target_ratio=0.35).documents or []
    assert (documents[0].relevance or 0) > (documents[1].relevance or 0)


def test_ids_titles_and_metadata_come_back(compressor: Compressor) -> None:
    sent = {"id": "a1", "title": "T", "text": PROSE, "metadata": {"page": 3, "none": None}}
    document = (run(compressor, documents=[sent], target_ratio=0.35).documents or [])[0]
    assert (document.id, document.title, document.metadata) == ("a1", "T", {"page": 3, "none": None})


def test_truncate_keeps_either_end(compressor: Compressor) -> None:
    head = compressor.compress(CompressionRequest(text=PROSE, target_ratio=0.3, method="truncate")).text or ""
    tail = (
        compressor.compress(
            CompressionRequest(text=PROSE, target_ratio=0.3, method="truncate", options={"side": "tail"})
        ).text
        or ""
    )
    assert PROSE.startswith(head)
    assert PROSE.endswith(tail)


def test_random_depends_on_its_seed_only(compressor: Compressor) -> None:
    def pick(seed: int) -> str:
        request = CompressionRequest(text=PROSE, target_ratio=0.4, method="random", options={"seed": seed})
        return compressor.compress(request).text or ""

    assert pick(1) == pick(1)
    assert len({pick(seed) for seed in range(6)}) > 1


def test_dspc_scores_are_the_best_cosine_over_the_queries() -> None:
    method = Dspc(ModelLoader().models())
    passages = [segment(PROSE)]
    options = DspcOptions(document_weight=0)
    by_keyword = [method.score(passages, word, options).units[0] for word in keywords(passages, 12)]
    assert np.allclose(method.score(passages, None, options).units[0], np.max(by_keyword, axis=0), atol=1e-6)


def test_dspc_keywords_follow_the_formula() -> None:
    found = keywords([segment("apple banana apple here. banana cherry here. cherry durian here.")], 10)
    assert found[0] == "apple"
    assert "here" not in found


def test_dspc_without_a_target_keeps_seven_tenths_of_the_sentences(compressor: Compressor) -> None:
    result = compressor.compress(CompressionRequest(text=PROSE, method="dspc", include=["scores"]))
    assert result.method_details["stages"] == ["coarse"]
    units = [unit for unit in result.scores or [] if isinstance(unit, UnitScore)]
    assert len(units) > 1
    assert sum(unit.kept for unit in units) == int(0.7 * len(units))


def test_auto_without_a_target_stops_by_itself(compressor: Compressor) -> None:
    result = run(compressor)
    assert result.status == "compressed"
    assert "Fram" in (result.documents or [])[0].text


def test_auto_names_the_method_that_ran(compressor: Compressor) -> None:
    assert run(compressor, target_ratio=0.5).method == "evidence"
    assert run(compressor, target_ratio=0.5, query=None).method == "dspc"


def test_bm25_by_hand() -> None:
    scores = bm25("ships", [terms("ships and docks"), terms("docks only here"), terms("a ship")])
    assert scores[1] == 0
    assert scores[2] > scores[0] > 0


def test_the_answer_in_another_language(compressor: Compressor) -> None:
    text = "阿蒙森是挪威探险家。他在1911年到达南极。他的船叫前进号。面包是用面粉做的。他后来飞越北极。"
    result = compressor.compress(CompressionRequest(text=text, query="他的船叫什么？", target_tokens=28))
    # "His ship" brings the sentences before it up to the one that says whose.
    assert result.text == "阿蒙森是挪威探险家。他在1911年到达南极。他的船叫前进号。"


@pytest.mark.parametrize("name", methods())
def test_every_method_survives_texts_without_anything(compressor: Compressor, name: str) -> None:
    for texts in ([""], [" \n"], [], ["", "Only this one. And that."]):
        result = compressor.compress(CompressionRequest(texts=texts, query="q", method=name, target_ratio=0.5))
        assert len(result.texts or []) == len(texts)


def test_mistakes_name_their_field() -> None:
    compressor = build_compressor()
    with pytest.raises(UnknownMethod):
        compressor.compress(CompressionRequest(text=PROSE, method="zip"))
    with pytest.raises(InvalidValue) as caught:
        compressor.compress(CompressionRequest(text=PROSE, method="dspc", options={"rho": 2}))
    assert caught.value.field == "options.rho"
    with pytest.raises(InvalidValue) as caught:
        compressor.compress(CompressionRequest(text=PROSE, method="bm25", target_ratio=0.5))
    assert caught.value.field == "query"
    with pytest.raises(TargetRequired):
        compressor.compress(CompressionRequest(text=PROSE, method="random"))
