import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress.backends.causal_lm.alignment import pool, trimmed, unit_scores
from promptpress.backends.causal_lm.base import Tokens
from promptpress.backends.causal_lm.batches import batches
from promptpress.backends.causal_lm.windows import windows
from promptpress.content import Passage, Unit


@given(length=st.integers(0, 400), room=st.integers(4, 90))
def test_used_parts_follow_on_each_other_and_windows_fit(length: int, room: int) -> None:
    found = windows(length, room)
    assert [w.first for w in found] == [0, *(w.end for w in found[:-1])]
    assert found[-1].end == length
    for window in found:
        assert window.end - window.begin <= room
        assert window.begin == 0 or window.first - window.begin == room // 8


@given(lengths=st.lists(st.integers(1, 300), max_size=30))
def test_batches_hold_each_sequence_once_and_fit(lengths: list[int]) -> None:
    found = batches(lengths, 256)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 256


def test_long_sequences_do_not_run_with_short_ones() -> None:
    assert batches([2048, 2000, 417, 400, 9, 8]) == [[0, 1], [2, 3], [4, 5]]
    assert batches([60, 10, 12, 11]) == [[0, 2, 3, 1]]


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
