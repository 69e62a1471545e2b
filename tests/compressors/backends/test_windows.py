from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptpress.backends.windows import overlapping_windows, unit_runs


@given(length=st.integers(0, 400), room=st.integers(4, 90))
def test_used_parts_follow_on_each_other_and_windows_fit(length: int, room: int) -> None:
    found = overlapping_windows(length, room)
    assert [w.first for w in found] == [0, *(w.end for w in found[:-1])]
    assert found[-1].end == length
    for window in found:
        assert window.end - window.begin <= room
        assert window.begin == 0 or window.first - window.begin == room // 8


SIZES = st.lists(st.integers(0, 30), max_size=12)


@given(sizes=SIZES, size=st.integers(1, 40), data=st.data(), join_remainder=st.booleans())
def test_runs_hold_every_token_once_and_break_only_at_units(
    sizes: list[int], size: int, data: st.DataObject, join_remainder: bool
) -> None:
    edges = np.cumsum([0, *sizes])
    alone = data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    found = list(unit_runs(edges, size, alone, join_remainder))
    assert [run.start for run in found] == [0, *(run.end for run in found[:-1])] or not found
    assert sum(run.end - run.start for run in found) == sum(sizes)
    units = set(pairwise(edges.tolist()))
    for run in found:
        assert run.start < run.end
        if run.alone:
            assert (run.start, run.end) in units
        elif join_remainder:
            assert run.end - run.start <= size
        else:
            assert run.end - run.start <= size or (run.start, run.end) in units


def test_the_rest_of_a_long_unit_is_read_with_the_next_where_asked() -> None:
    edges = np.asarray([0, 25, 28])
    assert [(r.start, r.end) for r in unit_runs(edges, 10)] == [(0, 25), (25, 28)]
    assert [(r.start, r.end) for r in unit_runs(edges, 10, join_remainder=True)] == [(0, 10), (10, 20), (20, 28)]


def test_units_that_stand_alone_share_no_run() -> None:
    runs = list(unit_runs(np.asarray([0, 3, 5, 9, 10]), 100, [False, True, False, False]))
    assert [(r.start, r.end, r.alone) for r in runs] == [(0, 3, False), (3, 5, True), (5, 10, False)]
