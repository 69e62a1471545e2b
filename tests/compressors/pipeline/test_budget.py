import numpy as np
import pytest

from promptpress.content import segment
from promptpress.errors import BudgetInfeasible
from promptpress.pipeline.budget import UnitSelector
from promptpress.text.tokenization import counter_for

COUNT = counter_for().count
TEXT = "One two three four. Five six. Seven eight nine ten eleven twelve. Not thirteen."


def scores(*values: float) -> list[np.ndarray]:
    return [np.asarray(values, dtype=np.float32)]


def test_takes_the_best_that_fit_and_skips_what_does_not() -> None:
    selector = UnitSelector([segment(TEXT)], COUNT)
    assert selector.select(scores(1, 2, 4, 3), [set()], COUNT("Five six. Not thirteen.")).kept == [{1, 3}]


def test_without_filling_the_first_that_does_not_fit_ends_it() -> None:
    selector = UnitSelector([segment(TEXT)], COUNT)
    assert selector.select(
        scores(4, 3, 2, 1), [set()], COUNT("One two three four. Five six. Not thirteen."), skip_oversized=False
    ).kept == [{0, 1}]


def test_ties_go_to_the_earlier_unit() -> None:
    selector = UnitSelector([segment("Aa bb. Cc dd. Ee ff.")], COUNT)
    assert selector.select(scores(1, 1, 1), [set()], COUNT("Aa bb.")).kept == [{0}]


def test_differences_below_rounding_are_ties() -> None:
    selector = UnitSelector([segment("Aa bb. Cc dd. Ee ff.")], COUNT)
    assert selector.select(scores(1, 1 + 1e-7, 1), [set()], COUNT("Aa bb.")).kept == [{0}]


def test_protected_units_come_first_and_infeasible_says_what_would_do() -> None:
    selector = UnitSelector([segment(TEXT)], COUNT)
    assert 2 in selector.select(scores(9, 9, 0, 9), [{2}], 15).kept[0]
    with pytest.raises(BudgetInfeasible) as caught:
        selector.select(scores(9, 9, 0, 9), [{2}], 3)
    assert selector.select(scores(9, 9, 0, 9), [{2}], int(str(caught.value.details["smallest_target_tokens"]))).kept == [{2}]


def test_a_row_brings_its_header_and_pays_for_it() -> None:
    passage = segment("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |")
    selector = UnitSelector([passage], COUNT)
    selection = selector.select(scores(0, 1, 2), [set()], COUNT("| a | b |\n|---|---|\n| 3 | 4 |"))
    assert selection.kept == [{0, 2}]


def test_a_repeated_sentence_comes_after_all_others() -> None:
    selector = UnitSelector([segment("Same words here. Same words here. Other words here.")], COUNT)
    assert selector.select(scores(3, 3, 1), [set()], COUNT("Same words here. Other words here.")).kept == [{0, 2}]


def test_one_budget_over_several_passages() -> None:
    passages = [segment("The cat sat. The dog ran."), segment("A bird sang. A fish swam.")]
    selector = UnitSelector(passages, COUNT)
    values = [np.asarray([1, 4], dtype=np.float32), np.asarray([3, 2], dtype=np.float32)]
    assert selector.select(values, [set(), set()], COUNT("The dog ran.") + COUNT("A bird sang.")).kept == [{1}, {0}]
