import numpy as np
import pytest

from promptpress.backends.causal_lm.alignment import pool, trimmed, unit_scores
from promptpress.content import Passage, Unit
from promptpress.text.tokens import Tokens


def tokens(*spans: tuple[int, int]) -> Tokens:
    starts, ends = np.asarray(spans, dtype=np.int64).T
    return Tokens(np.arange(len(spans)), starts, ends)


def test_a_token_over_several_units_is_shared_and_white_space_belongs_to_none() -> None:
    text = "ab cd  ef"
    units = [Unit(0, 2), Unit(3, 4), Unit(4, 5), Unit(7, 9)]
    values = np.asarray([3.0, 4.0, 100.0, 5.0], dtype=np.float32)
    sums, counts = pool(text, tokens((0, 2), (2, 5), (5, 6), (6, 9)), values, units)
    assert sums.tolist() == [3.0, 2.0, 2.0, 5.0]
    assert counts.tolist() == [1, 1, 1, 1]
    inner = trimmed(text, tokens((2, 5), (5, 6)))
    assert (inner.starts[0], inner.ends[0]) == (3, 5)
    assert inner.starts[1] >= inner.ends[1]


def test_mean_sum_and_units_without_tokens() -> None:
    passage = Passage("ab cd", (Unit(0, 2), Unit(3, 5)))
    values = np.asarray([1.0, 3.0], dtype=np.float32)
    assert unit_scores(passage, tokens((0, 1), (1, 2)), values).tolist() == [2.0, 2.0]
    assert unit_scores(passage, tokens((0, 1), (1, 2)), values, "sum").tolist() == [4.0, 4.0]


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_to_pool(text: str) -> None:
    empty = np.empty(0, dtype=np.int64)
    sums, _ = pool(text, Tokens(empty, empty, empty), np.empty(0, dtype=np.float32), [])
    assert len(sums) == 0
