"""The fit on a tiny set that is made up here."""

import numpy as np
import pytest

from benchmarks.quality.__main__ import run as benchmark
from benchmarks.quality.data import Item
from promptpress.backends.models import Models
from training.relevance.fit import run
from training.relevance.replay import RATIOS, Replay, Weights, remembering_models
from training.relevance.report import Fit, idle, markdown
from training.relevance.search import NEUTRAL, NUMBERS, Sensitivity, coordinate_search, mean_of_sets

PLACES = {
    "Arden": "Luca Moretti",
    "Kelso": "Greta Lund",
    "Oban": "Farid Haddad",
    "Perth": "Ines Duarte",
    "Larne": "Otto Brandt",
}


def items() -> list[Item]:
    documents = [
        {
            "title": f"The bridge of {place}",
            "text": f"The bridge of {place} has stood for a long time. It was designed by {name} in a cold winter. People of "
            f"{place} walk over it every day. In {place} the market is on Friday, and the library opens at nine. Nobody "
            "remembers who painted the railings green. The river below it freezes in January.",
        }
        for place, name in PLACES.items()
    ]
    return [
        Item(
            place, "bridges" if index % 2 else "places", f"Who designed the bridge of {place}?", documents, [name], False, []
        )
        for index, (place, name) in enumerate(PLACES.items())
    ]


@pytest.fixture(scope="module")
def models() -> Models:
    return remembering_models(threads=1)


@pytest.fixture(scope="module")
def replay(models: Models) -> Replay:
    return Replay(items(), models)


def test_the_shipped_weights_keep_what_the_benchmark_says(replay: Replay) -> None:
    outcomes = {(o.item, o.ratio): o.kept for o in benchmark(items(), ["evidence"], list(RATIOS))}
    expected = [[outcomes[item.id, ratio] for ratio in RATIOS] for item in replay.items]
    first = replay.kept(Weights())
    assert first.tolist() == expected
    assert 0 < first.mean() < 1, "a set on which everything or nothing is kept tells nothing"
    assert replay.kept(Weights()).tolist() == expected


def test_other_weights_do_not_outlive_their_evaluation(replay: Replay) -> None:
    shipped = replay.kept(Weights())
    none = Weights()
    for name in ("evidence_long_query", "evidence_short_query", "document_short_query", "lexical_min", "lexical_per_word"):
        none = none.with_number(name, 0)
    assert not np.array_equal(replay.kept(none), shipped)
    assert np.array_equal(replay.kept(Weights()), shipped)


def test_every_number_has_a_neutral_value_that_is_not_the_shipped_one() -> None:
    assert set(NEUTRAL) == {number.name for number in NUMBERS}
    for number in NUMBERS:
        assert NEUTRAL[number.name] != number.default
        assert Weights().with_number(number.name, NEUTRAL[number.name]).number(number.name) == NEUTRAL[number.name]
    with pytest.raises(AttributeError):
        Weights().with_number("no_such_number", 1)


def test_bounds_that_cross_are_not_tried() -> None:
    assert Weights().ordered
    assert not Weights().with_number("several_documents_from", 20).ordered


def test_the_search_finds_the_better_value_and_leaves_the_others() -> None:
    numbers = [number for number in NUMBERS if number.name in ("expansion", "title_mention")]
    target = 2.25

    def evaluate(weights: Weights) -> np.ndarray:
        return np.full((4, 3), 1 - abs(weights.evidence.expansion - target) / 10)

    weights, steps = coordinate_search(evaluate, ["a", "a", "b", "b"], numbers, values=5)
    assert [(step.name, step.value) for step in steps] == [("expansion", target)]
    assert weights == Weights().with_number("expansion", target)


def test_sets_count_the_same_whatever_their_size() -> None:
    kept = np.asarray([[1.0, 0], [1, 0], [0, 1]])
    assert mean_of_sets(kept, ["a", "a", "b"]).tolist() == [0.5, 0.5]


def test_the_page_names_what_does_nothing() -> None:
    shipped = np.ones((2, 3))
    changed = shipped.copy()
    changed[0, 2] = 0
    found = [Sensitivity(NUMBERS[0], 0, changed), Sensitivity(NUMBERS[1], 0, shipped)]
    fit = Fit(["a", "b"], RATIOS, shipped, found, [], [])
    assert idle(fit) == [NUMBERS[1].name]
    page = markdown(fit)
    assert f"| `{NUMBERS[0].name}` | {NUMBERS[0].default:g} | 0 | +0.0 | +0.0 | -50.0 | 1 |" in page
    assert "100.0 % at 1/16" in page


def test_a_run_measures_every_number(models: Models) -> None:
    fit = run(Replay(items()[:1], models), values=0)
    assert [each.number for each in fit.sensitivities] == list(NUMBERS)
