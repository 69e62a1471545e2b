import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from promptpress.content import segment
from promptpress.scores import (
    Scored,
    UnitRef,
    best_units,
    per_passage,
    positions,
    ranked,
    ranking,
    standardise,
    unit_refs,
    within_margin,
)

PASSAGES = [segment("The cat sat. The dog ran."), segment("A bird sang. The cat sat.")]


def scores(*values: list[float]) -> list[np.ndarray]:
    return [np.asarray(each, dtype=np.float32) for each in values]


def test_a_reference_names_passage_and_unit() -> None:
    assert unit_refs(PASSAGES) == [UnitRef(0, 0), UnitRef(0, 1), UnitRef(1, 0), UnitRef(1, 1)]


def test_a_higher_tier_comes_first_whatever_the_scores() -> None:
    values = scores([9, 8], [1, 2])
    tiers = [np.asarray([0, 1], dtype=np.int8), np.asarray([1, 0], dtype=np.int8)]
    assert ranked(PASSAGES, values) == [(0, 0), (0, 1), (1, 1), (1, 0)]
    assert ranked(PASSAGES, values, tiers) == [(0, 1), (1, 0), (0, 0), (1, 1)]


def test_a_tier_does_not_blur_small_differences_in_score() -> None:
    values = scores([0.0, 0.0], [0.00002, 0.0])
    tiers = [np.full(2, 2, dtype=np.int8), np.full(2, 2, dtype=np.int8)]
    assert ranked(PASSAGES, values, tiers)[0] == (1, 0)


def test_repetitions_come_last_even_in_a_higher_tier() -> None:
    tiers = [np.zeros(2, dtype=np.int8), np.ones(2, dtype=np.int8)]
    assert ranking(PASSAGES, scores([1, 2], [3, 4]), tiers) == [(1, 1), (1, 0), (0, 1), (0, 0)]


def test_structural_units_are_not_ranked() -> None:
    table = segment('[{"a": 1}, {"b": 2}, {"c": 3}]')
    found = ranking([table], [np.zeros(len(table.units), dtype=np.float32)])
    assert {ref.unit for ref in found} == {u for u, unit in enumerate(table.units) if not unit.structural}
    assert len(found) < len(table.units)


def test_the_best_units_over_all_passages() -> None:
    scored = Scored(scores([3, 1], [2, 3]))
    assert best_units(scored, 3) == [{0}, {0, 1}]
    assert best_units(scored, 1) == [{0}, set()]
    assert best_units(scored, 0) == [set(), set()]


def test_within_a_margin_of_the_best() -> None:
    assert within_margin(Scored(scores([3, 1], [], [2, 0.9])), 1.0) == [{0}, set(), {0}]
    assert within_margin(Scored([]), 1.0) == []


def test_scores_by_passage_and_positions() -> None:
    assert [list(each) for each in per_passage(PASSAGES, np.arange(4, dtype=np.float32))] == [[0, 1], [2, 3]]
    assert [list(each) for each in positions(PASSAGES)] == [[0, 1], [2, 3]]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_that_do_not_differ_are_zeros(kind: type) -> None:
    assert list(standardise(np.full(3, 7, dtype=kind))) == [0, 0, 0]
    assert len(standardise(np.empty(0, dtype=kind))) == 0


@given(arrays.arrays(np.float64, st.integers(2, 30), elements=st.floats(-100, 100)))
def test_standardised_values_have_no_mean_and_unit_deviation(values: np.ndarray) -> None:
    found = standardise(values)
    assert found.dtype == values.dtype
    if values.std() > 1e-6:
        assert found.mean() == pytest.approx(0, abs=1e-6)
        assert found.std() == pytest.approx(1)
    else:
        assert not found.any()
