import pytest

from promptpress import BudgetInfeasible, CompressionRequest, Compressor
from promptpress.errors import InvalidPattern
from promptpress.pipeline.protection import compile_patterns, find_keep_tags
from tests.conftest import PROSE


def test_keep_tags_may_nest() -> None:
    tags = find_keep_tags("a <keep>b <keep>c</keep> d</keep> e")
    assert tags.kept == [(8, 26)]
    assert len(tags.tags) == 4
    assert not tags.unbalanced


def test_a_lone_tag_is_text() -> None:
    tags = find_keep_tags("a <keep>b")
    assert (tags.kept, tags.tags, tags.unbalanced) == ([], [], True)


@pytest.mark.parametrize("pattern", ["(a", "(?=a)b", r"(a)\1", "a" * 2000])
def test_patterns_that_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern) as caught:
        compile_patterns(["fine", pattern])
    assert caught.value.field == "protect_patterns[1]"


def test_a_catastrophic_pattern_is_harmless(compressor: Compressor) -> None:
    result = compressor.compress(
        CompressionRequest(text="a" * 50_000 + "! " + PROSE, target_ratio=0.5, protect_patterns=["(a+)+$"], method="random")
    )
    assert result.status == "compressed"


def test_patterns_keep_their_sentences(compressor: Compressor) -> None:
    request = CompressionRequest(text=PROSE, target_ratio=0.3, method="random", protect_patterns=["Fram", "Sc[aeiou]tt"])
    text = compressor.compress(request).text or ""
    assert "His ship was called Fram, which means forward." in text
    assert "Scott's party arrived 33 days later." in text


def test_protected_text_beyond_the_target_is_an_error_with_the_remedy(compressor: Compressor) -> None:
    request = CompressionRequest(text=f"<keep>{PROSE}</keep>", target_tokens=10)
    with pytest.raises(BudgetInfeasible) as caught:
        compressor.compress(request)
    smallest = int(str(caught.value.details["smallest_target_tokens"]))
    fitting = compressor.compress(CompressionRequest(text=f"<keep>{PROSE}</keep>", target_tokens=smallest))
    assert fitting.text == PROSE


def test_strict_keeps_every_sentence_with_a_fact(compressor: Compressor) -> None:
    request = CompressionRequest(text=PROSE, target_ratio=0.95, protect="strict", method="random")
    text = compressor.compress(request).text or ""
    assert all(fact in text for fact in ("14 December 1911", "Nobody but", "33 days", "June 1928", "None of them"))
