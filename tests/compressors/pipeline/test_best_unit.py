"""What comes out where the target is smaller than any sentence."""

import pytest

from promptpress import compress
from promptpress.text.tokenization import counter_for

LONG = "The harbour was closed in the spring, the ships lay at the quay, and the crews went home to their farms."


@pytest.mark.parametrize("tokens", [10, 18])
def test_the_best_sentence_is_shortened_by_whole_clauses(tokens: int) -> None:
    result = compress(f"{LONG} {LONG.replace('harbour', 'market')}", query="harbour", target_tokens=tokens, method="bm25")
    assert result.text
    assert LONG.startswith(result.text.rstrip(".,"))
    assert counter_for().count(result.text) <= tokens
    assert [warning.partition(":")[0] for warning in result.warnings] == ["cut_inside_sentence"]


def test_a_sentence_with_a_negation_is_not_shortened() -> None:
    result = compress(LONG.replace("was closed", "was not closed"), target_tokens=10, method="truncate")
    assert result.text == ""
    assert [warning.partition(":")[0] for warning in result.warnings] == ["nothing_fits"]
