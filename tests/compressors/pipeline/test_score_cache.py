"""Scores from the cache are those that would be computed, and cost no second computation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from promptpress import Compressor
from promptpress.backends.causal_lm import embedded
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.methods.registry import method_class, methods
from promptpress.pipeline.parts import Parts
from promptpress.pipeline.score_cache import LruScoreCache, cached_score
from promptpress.request import CompressionRequest
from promptpress.scores import Scored
from tests.conftest import PROSE

LOADER = ModelLoader()
TEXTS = [PROSE, "A <keep>second</keep> text about ships. It is short.", ""]


class CountingCache(LruScoreCache):
    def __init__(self, max_bytes: int = 1 << 20) -> None:
        super().__init__(max_bytes)
        self.hits = self.misses = 0

    def get(self, key: bytes) -> Scored | None:
        scored = super().get(key)
        self.hits += scored is not None
        self.misses += scored is None
        return scored


def answer(compressor: Compressor, **fields: Any) -> dict[str, Any]:
    request = CompressionRequest(texts=TEXTS, include=["scores", "spans"], **fields)
    return compressor.compress(request).model_dump(exclude={"timing_ms"})


@pytest.mark.parametrize("method", methods())
@pytest.mark.parametrize("query", ["Which ship did Amundsen use?", None])
def test_another_budget_is_cut_from_the_same_scores(method: str, query: str | None) -> None:
    if query is None and method_class(method).query_use == "required":
        return
    if method == "selective_context" and not embedded.is_present():
        pytest.skip("needs the embedded language model")
    cache = CountingCache()
    cached, plain = Compressor(LOADER.models(scores=cache)), Compressor(LOADER.models())
    for target in (0.2, 0.4, 0.6):
        given: dict[str, Any] = {"method": method, "query": query, "target_ratio": target}
        assert answer(cached, **given) == answer(plain, **given)
    # Without a query, acc_rag looks for the own order of each part of the texts too.
    orders = len(Parts.of([segment(text) for text in TEXTS]).passages) if method == "acc_rag" and query is None else 0
    assert (cache.hits, cache.misses) == (2, 1 + orders)


@pytest.mark.parametrize(
    "change",
    [
        {"query": "Which pole?"},
        {"method": "bm25"},
        {"options": {"lexical_weight": 2.0}},
        {"texts": [PROSE, *TEXTS[1:2]]},
        {"texts": [TEXTS[0] + TEXTS[1], "", ""]},
    ],
    ids=str,
)
def test_whatever_scores_depend_on_is_in_the_key(change: dict[str, Any]) -> None:
    cache = CountingCache()
    compressor = Compressor(LOADER.models(scores=cache))
    given: dict[str, Any] = {"texts": TEXTS, "query": "Which ship?", "method": "hybrid", "target_ratio": 0.5}
    for fields in (given, given | change):
        compressor.compress(CompressionRequest(**fields))
    assert (cache.hits, cache.misses) == (0, 2)


def test_memory_is_bounded_and_the_oldest_goes() -> None:
    cache = LruScoreCache(10_000)
    for name in (b"a", b"b", b"c"):
        cache.put(name, Scored([np.zeros(500, dtype=np.float32)]))
    assert cache.get(b"a") is None
    assert cache.get(b"c") is not None
    cache.put(b"huge", Scored([np.zeros(5000, dtype=np.float32)]))
    assert cache.get(b"huge") is None


def test_the_same_text_divided_otherwise_has_its_own_scores() -> None:
    """A part of a text is divided as the text around it demands."""
    whole = segment("One ship sailed. Two ships came.")
    undivided = replace(whole, units=[replace(whole.units[0], end=whole.units[-1].end)])
    models = LOADER.models(scores=LruScoreCache())
    method = method_class("hybrid")(models)
    options = method.options_model()
    for passage in (whole, undivided, whole):
        scored = cached_score(method, [passage], "Which ship?", options, method.score_cache)
        assert [len(each) for each in scored.units] == [len(passage.units)]


def test_the_same_words_may_be_divided_otherwise_in_another_text() -> None:
    """Each of three pages is divided into its elements; of four, each is a unit."""
    page = (
        "<html><body><h1>T</h1><h2>A</h2><p>The fee is {} EUR.</p><p>Students pay half.</p>"
        "<h2>B</h2><p>The fee is 450 EUR.</p></body></html>"
    )
    shared = LOADER.models(vectors=LruVectorCache(), scores=CountingCache())
    for pages in (3, 4):
        text = "\n\n".join(page.format(300 + index) for index in range(pages))
        request = CompressionRequest(text=text, query="What is the fee?", target_ratio=0.3)
        assert Compressor(shared).compress(request).text == Compressor(ModelLoader().models()).compress(request).text
