import tracemalloc

import numpy as np
import pytest

from promptpress.text.lexical import K1, B, bm25


def test_bm25_is_what_the_formula_says() -> None:
    documents = [["salt", "road", "salt"], ["bees"], [], ["road", "rain"]]
    wanted = [("salt", 1), ("road", 2)]
    mean = np.mean([len(document) for document in documents])
    for document, score in zip(documents, bm25("Salt road, salt?", documents), strict=True):
        norm = K1 * (1 - B + B * len(document) / mean)
        expected = sum(
            np.log1p((4 - holding + 0.5) / (holding + 0.5)) * document.count(term) * (K1 + 1) / (document.count(term) + norm)
            for term, holding in wanted
        )
        assert score == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("query", "documents"), [("", [["a"]]), ("a", []), ("a", [[]]), ("a", [["b"], []])])
def test_nothing_in_common_is_0(query: str, documents: list[list[str]]) -> None:
    scores = bm25(query, documents)
    assert scores.dtype == np.float32
    assert scores.tolist() == [0.0] * len(documents)


def test_the_memory_of_bm25_does_not_grow_with_terms_times_documents() -> None:
    query = " ".join(f"w{i}" for i in range(2000))
    documents = [[f"w{i}"] for i in range(5000)]
    tracemalloc.start()
    bm25(query, documents)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2000 * 5000 / 10
