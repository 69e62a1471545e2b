import pytest

from benchmarks.language_models import needles, times
from promptpress import Compressor
from promptpress.backends.loader import ModelLoader


@pytest.fixture(scope="module")
def loader() -> ModelLoader:
    return ModelLoader()


def test_needles_are_counted_by_length(loader: ModelLoader) -> None:
    asked = []
    found = needles.measure(Compressor(loader.models()), "words", "bm25", {}, [200, 400], progress=lambda: asked.append(1))
    assert len(asked) == 2 * needles.PROBES
    assert found.share == sum(found.kept.values()) / len(asked) == 1.0
    at_random = needles.measure(Compressor(loader.models()), "chance", "random", {}, [400], progress=lambda: None)
    assert at_random.share < 0.5


@pytest.mark.slow
def test_the_bare_run_reads_as_many_tokens_as_the_method(loader: ModelLoader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "TOKENS", 300)
    found = times.measure(Compressor(loader.models()), loader.causal_lm(), "selective_context", {"context": "document"}, 6)
    assert found.name == "selective_context, context document"
    assert len(found.method) == len(found.bare)
    assert found.ratio > 0
