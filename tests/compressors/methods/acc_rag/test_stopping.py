import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptpress.methods.acc_rag.stopping import best_step


def test_steps_by_hand() -> None:
    confidences, shares = np.asarray([0.5, 0.8, 0.82, 1.0]), np.asarray([0.1, 0.2, 0.3, 1.0])
    assert best_step(confidences, shares, 4.0) == 0
    assert best_step(confidences, shares, 1.0) == 1
    assert best_step(confidences, shares, 0.23) == 3
    assert best_step(np.asarray([0.5, 0.5]), np.asarray([0.5, 1.0]), 0.0) == 0


@given(
    rises=st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=12),
    gains=st.tuples(st.floats(0, 20), st.floats(0, 20)),
)
def test_a_higher_least_gain_never_keeps_more(rises: list[tuple[float, float]], gains: tuple[float, float]) -> None:
    confidences, shares = np.cumsum(np.asarray(rises), axis=0).T
    less, more = sorted(gains)
    assert best_step(confidences, shares, more) <= best_step(confidences, shares, less)
