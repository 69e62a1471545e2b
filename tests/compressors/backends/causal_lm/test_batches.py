from hypothesis import given
from hypothesis import strategies as st

from promptpress.backends.causal_lm.batches import batches


@given(lengths=st.lists(st.integers(1, 300), max_size=30))
def test_batches_hold_each_sequence_once_and_fit(lengths: list[int]) -> None:
    found = batches(lengths, 256)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 256


def test_long_sequences_do_not_run_with_short_ones() -> None:
    assert batches([2048, 2000, 417, 400, 9, 8]) == [[0, 1], [2, 3], [4, 5]]
    assert batches([60, 10, 12, 11]) == [[0, 2, 3, 1]]
