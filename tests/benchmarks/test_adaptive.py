from pathlib import Path

import numpy as np
import pytest

from benchmarks.adaptive.__main__ import CONFIDENCES, MATCHED, fixed_methods, run
from benchmarks.adaptive.plot import draw
from benchmarks.adaptive.stops import Stop, curve, kept_at
from benchmarks.adaptive.table import markdown
from benchmarks.quality.data import Item
from promptpress import Compressor
from promptpress.backends.loader import ModelLoader
from tests.conftest import PROSE


def stop(asked: float, kept: bool, after: int, method: str = "m") -> Stop:
    return Stop("1", "set", method, asked, kept, 100, after)


def test_between_measured_ratios_answers_kept_are_interpolated() -> None:
    points = curve([stop(0.1, True, 10), stop(0.1, False, 10), stop(0.4, True, 40), stop(0.4, True, 40)], "set", "m")
    np.testing.assert_allclose(points, [(0.1, 0.1, 0.5), (0.4, 0.4, 1.0)])
    assert kept_at(points, 0.2) == pytest.approx(0.75)
    assert kept_at(points, 0.01) == 0.5
    assert kept_at(points, 1.0) == 1.0


def test_every_method_that_keeps_a_share_is_compared() -> None:
    names = fixed_methods(ModelLoader().models())
    assert {"evidence", "hybrid", "dspc", "bm25", "scope"} <= set(names)
    assert not {"acc_rag", "auto"} & set(names)


@pytest.mark.slow
def test_a_run_from_items_to_tables(compressor: Compressor, tmp_path: Path) -> None:
    documents = [{"title": "Amundsen", "text": PROSE}, {"title": "", "text": "Bread is baked. Flour is milled. " * 5}]
    items = [
        Item("1", "set", "Which ship did Amundsen use?", documents, ["Fram"], False, []),
        Item("2", "set", "Which ship did Amundsen use?", documents, ["Titanic"], False, []),
    ]
    stops = run(compressor, items, ["bm25"])
    assert len(stops) == len(CONFIDENCES) + len(MATCHED)
    chosen = {s.asked: s.ratio for s in stops if s.stopped}
    assert [s.asked for s in stops if not s.stopped] == [chosen[confidence] for confidence in MATCHED]
    assert all(0 < s.ratio <= 1 for s in stops if s.stopped)
    text = markdown(stops)
    assert "| set | 1 |" in text
    assert "`bm25`" in text
    draw(stops, tmp_path / "adaptive.png")
    assert (tmp_path / "adaptive.png").stat().st_size > 10_000


def test_a_method_that_was_not_run_on_a_set_has_no_figure_there() -> None:
    chosen = [Stop("1", name, "m", 0.95, True, 100, 20, 0.96, 1, "sufficient") for name in ("one", "other")]
    fixed = [Stop("1", "one", "bm25", 0.2, False, 100, 20)]
    text = markdown([*chosen, *fixed])
    assert "| one | 0.200 | **1.000** | 0.000 |" in text
    assert "| other | 0.200 | **1.000** |  |" in text
