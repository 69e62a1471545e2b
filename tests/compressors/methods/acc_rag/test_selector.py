from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from promptpress.errors import ModelUnavailable
from promptpress.methods.acc_rag.acc_rag import SCORER
from promptpress.methods.acc_rag.features import NAMES
from promptpress.methods.acc_rag.selector import Selector, load_selector


def small() -> Selector:
    """One tree: the first feature at most 1 -> -2, else +3; log-odds halved by the calibration, one more, of lines 3 less."""
    arrays = {
        "feature": np.asarray([[0, 0, 0]]),
        "threshold": np.asarray([[1.0, 0, 0]]),
        "left": np.asarray([[1, 1, 2]]),
        "right": np.asarray([[2, 1, 2]]),
        "value": np.asarray([[0, -2.0, 3.0]]),
        "baseline": np.asarray([0.5]),
        "calibration": np.asarray([1.0, 0.5, -3.0]),
        "gain": np.asarray([8.0, 2.0, 0.25]),
    }
    return Selector(arrays, "none", depth=1)


def test_a_tree_by_hand() -> None:
    assert small().log_odds(np.asarray([[1.0], [1.5]], dtype=np.float32)).tolist() == [-1.5, 3.5]


def test_confidences_never_fall_and_end_at_one() -> None:
    rows = np.asarray([[0.0], [2.0], [0.0], [0.0]], dtype=np.float32)
    low, high = round(1 / (1 + np.exp(-0.25)), 4), round(1 / (1 + np.exp(-2.75)), 4)
    assert small().confidences(rows).tolist() == [low, high, high, 1.0]
    assert small().confidences(rows[:0]).tolist() == []


def test_of_chats_it_is_less_sure() -> None:
    rows = np.asarray([[0.0], [2.0]], dtype=np.float32)
    odds = small().log_odds(rows)
    assert small().calibrated(odds, lines=1).tolist() == [0.25 - 3, 2.75 - 3]
    assert (small().confidences(rows, lines=0.5) <= small().confidences(rows)).all()


def test_the_least_gain_falls_with_the_confidence_asked_and_in_chats() -> None:
    assert small().least_gain(0.5) == 2.0
    assert small().least_gain(0.75) == 0.5
    assert small().least_gain(0.5, lines=0.5) == 1.0


def test_the_shipped_selector_knows_the_scorer() -> None:
    assert load_selector().scorer == SCORER.name


def test_a_file_for_other_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="missing"):
        Selector.read(tmp_path / "none.safetensors")
    save_file({"baseline": np.zeros(1)}, tmp_path / "a.safetensors", {"features": "[]", "scorer": "x", "depth": "1"})
    with pytest.raises(ModelUnavailable, match="other features"):
        Selector.read(tmp_path / "a.safetensors")
    assert len(NAMES) == len(set(NAMES))
