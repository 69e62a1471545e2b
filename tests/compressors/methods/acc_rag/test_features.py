import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptpress.content import segment
from promptpress.methods.acc_rag.features import NAMES, features, prefix_sizes
from promptpress.scores import Scored, ranking
from tests.conftest import PROSE

PASSAGES = [segment(PROSE, "Roald Amundsen"), segment("Bread is baked from flour. It is old.", "Bread")]
QUESTION = "When did Amundsen reach the South Pole?"


def rows(units: list[np.ndarray], passages: np.ndarray | None = None) -> np.ndarray:
    scored = Scored([scores.astype(np.float32) for scores in units], passages)
    return features(PASSAGES, scored, ranking(PASSAGES, scored.units), QUESTION)


def column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, NAMES.index(name)]


@given(st.integers(0, 30_000))
def test_granularities_grow_to_everything(units: int) -> None:
    sizes = prefix_sizes(units)
    assert sizes == sorted(set(sizes))
    assert (sizes[-1:] == [units]) == (units > 0)
    assert len(sizes) < 60
    assert all(later <= 2 * earlier for earlier, later in itertools.pairwise(sizes[:-1]))


def test_one_row_for_each_prefix_and_all_finite() -> None:
    units = [np.linspace(3, 0, len(PASSAGES[0].units)), np.asarray([-1.0, -2.0])]
    values = rows(units, np.asarray([0.8, 0.1], dtype=np.float32))
    assert values.shape == (len(prefix_sizes(len(units[0]) + 2)), len(NAMES))
    assert np.isfinite(values).all()
    assert column(values, "log_kept_share")[-1] == 0
    for name in ("log_kept_characters", "mass_wide", "coverage", "log_passages_touched"):
        assert (np.diff(column(values, name)) >= -1e-6).all()


def test_equal_scores_and_no_units_are_no_trouble() -> None:
    assert np.isfinite(rows([np.zeros(len(p.units)) for p in PASSAGES])).all()
    assert features([], Scored([]), [], QUESTION).shape == (0, len(NAMES))


def test_standardised_features_do_not_know_the_scale() -> None:
    units = [np.linspace(3, 0, len(PASSAGES[0].units)), np.asarray([-1.0, -2.0])]
    values, scaled = rows(units), rows([10 * scores + 4 for scores in units])
    unlike = {"best_score", "next_score", "best_relevance"}
    same = [i for i, name in enumerate(NAMES) if name not in unlike]
    assert np.allclose(values[:, same], scaled[:, same], atol=1e-3)


def test_the_sentence_with_the_date_is_evidence() -> None:
    first = np.zeros(len(PASSAGES[0].units))
    first[1] = 5
    assert column(rows([first, np.zeros(2)]), "shows_kind_first")[0] == 1
    first[1], first[2] = 0, 5
    assert column(rows([first, np.zeros(2)]), "shows_kind_first")[0] == 0
