from pathlib import Path
from random import Random

import numpy as np
import pytest

from promptpress.content import segment
from promptpress.methods.acc_rag.features import NAMES
from promptpress.methods.acc_rag.selector import Selector
from promptpress.methods.acc_rag.stopping import best_step
from promptpress.scores import ranking
from training.adaptive.adjust import half, joined
from training.adaptive.build import Request, first_sufficient, request_from, unread
from training.adaptive.calibration import ASKED, Steps, fit_gain, fit_gain_factor, fit_shift, platt
from training.adaptive.train import held_out, train
from training.evidence.groups import Group

DOCUMENTS = [
    ("Skagen", "It is a town. Its lighthouse is from 1858. It is tall."),
    ("Ribe", "It is old. Its church is from 1150."),
]


def request(answers: list[str], needs: list[list[tuple[int, int, int]]]) -> Request:
    return Request("test", "When?", DOCUMENTS, answers, needs, 0)


def test_the_first_prefix_that_suffices() -> None:
    passages = [segment(text, title) for title, text in DOCUMENTS]
    order = ranking(passages, [np.asarray([5, 1, 2], dtype=np.float32), np.asarray([4, 3], dtype=np.float32)])
    assert first_sufficient(request(["1858"], []), passages, order) == 5
    assert first_sufficient(request(["1858", "1150"], []), passages, order) == 3
    assert first_sufficient(request(["185"], []), passages, order) is None
    assert first_sufficient(request([], [[(0, 0, 5)], [(1, 12, 20)]]), passages, order) == 3


def test_further_documents_never_hold_the_answer_and_places_move_along() -> None:
    group = Group("test", "When?", DOCUMENTS, [[(0, 14, 42)]], [(0, 37, 41)])
    further = [("A", "In 1858 it rained."), ("B", "It never rains.")]
    for seed in range(8):
        made = request_from(group, further, {}, Random(seed))
        assert made.answers == ["1858"]
        assert ("A", "In 1858 it rained.") not in made.documents
        assert made.documents[made.needs[0][0][0]] == DOCUMENTS[0]


def steps(requests: int) -> dict[str, np.ndarray]:
    """Requests of four prefixes; the answer's place is told by one feature, as well as noise lets it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(requests * 4, len(NAMES))).astype(np.float32)
    sizes = np.tile(np.arange(1, 5), requests)
    place = random.integers(1, 5, requests).repeat(4)
    x[:, NAMES.index("coverage")] = sizes - place + random.normal(scale=0.4, size=len(sizes))
    number = np.arange(requests).repeat(4)
    y = sizes >= place
    return {"x": x, "y": y, "share": sizes / 4, "request": number, "group": number, "source": np.full(len(y), "test")}


@pytest.mark.slow
def test_training_gives_a_calibrated_selector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.adaptive.train._TREES", 15)
    data = steps(400)
    unseen = held_out(data)
    train(data, unseen, tmp_path / "selector.safetensors")
    selector = Selector.read(tmp_path / "selector.safetensors")
    fresh = steps(401)
    confidences = 1 / (1 + np.exp(-selector.calibrated(selector.log_odds(fresh["x"][-4:]))))
    assert ((confidences > 0) & (confidences < 1)).all()
    chance = 1 / (1 + np.exp(-selector.calibrated(unseen.log_odds)))
    part = data["share"] < 1
    assert chance[part].mean() == pytest.approx(data["y"][part].mean(), abs=0.03)


def test_stops_by_hand() -> None:
    odds = np.asarray([-1.0, 2.0, 3.0, -5.0, -4.0, -3.0])
    found = np.asarray([False, True, True, False, False, True])
    made = Steps(odds, found, np.asarray([0.1, 0.5, 1.0] * 2), np.asarray([0, 0, 0, 7, 7, 7]))
    assert made.confidences[[2, 5]].tolist() == [1.0, 1.0]
    assert made.stops(1.0).tolist() == [1, 5]
    assert made.kept(1.0) == 1.0
    assert made.ratio(1.0) == 0.75
    part, weight = made.parts()
    assert (part.tolist(), weight.tolist()) == ([True, True, False] * 2, [0.5] * 4)
    assert made.stops(3.0).tolist() == [0, 3]
    assert made.kept(3.0) == 0.0
    for gain in (0.1, 1.0, 3.0):
        shortest = [best_step(made.confidences[s : s + 3], made.share[s : s + 3], gain) + s for s in (0, 3)]
        assert made.stops(gain).tolist() == shortest


def test_joined_requests_stay_apart() -> None:
    made = Steps(np.zeros(2), np.asarray([False, True]), np.asarray([0.5, 1.0]), np.asarray([0, 0]))
    assert joined([made, made]).request.tolist() == [0, 0, 1, 1]


def test_made_up_questions_that_the_evidence_model_read_are_left_out() -> None:
    groups = [Group("qed_nq" if n < 8 else "cloze", str(n), [], [], []) for n in range(48)]
    left = unread(groups, 3)
    assert len(left) == 48 - 12
    assert sum(group.source == "qed_nq" for group in left) == 8
    assert unread(groups, 0) == groups


def test_a_calibration_finds_what_was_done_to_the_log_odds() -> None:
    random = np.random.default_rng(0)
    true = random.normal(scale=2, size=8000)
    found = random.random(8000) < 1 / (1 + np.exp(-true))
    request = np.arange(8000) // 4
    shift, slope = platt(Steps((true - 1) / 2, found, np.ones(8000), request))
    assert shift == pytest.approx(1, abs=0.1)
    assert slope == pytest.approx(2, abs=0.15)


def test_a_shift_is_found_by_likelihood() -> None:
    random = np.random.default_rng(1)
    true = random.normal(scale=2, size=8000)
    found = random.random(8000) < 1 / (1 + np.exp(-true))
    made = Steps(true + 1.5, found, np.ones(8000), np.arange(8000) // 4)
    assert fit_shift(made, np.arange(-3, 3.01, 0.25)) == -1.5


def test_the_gain_brings_answers_kept_to_the_confidence_asked() -> None:
    random = np.random.default_rng(2)
    size, place = np.tile(np.arange(1, 31), 800), random.geometric(0.2, 800).clip(max=30).repeat(30)
    odds = 0.5 * (size - place) + random.normal(scale=1.5, size=800).repeat(30)
    made = Steps(odds, size >= place, size / 30, np.arange(800).repeat(30))
    factor, power = fit_gain([half(made, 0)])
    kept = {by: [half(made, 1).kept(by * factor * (1 - asked) ** power) for asked in ASKED] for by in (0.25, 1, 4)}
    assert np.mean(kept[1]) == pytest.approx(np.mean(ASKED), abs=0.05)
    assert min(kept, key=lambda by: np.square(np.subtract(kept[by], ASKED)).sum()) == 1
    assert fit_gain_factor([half(made, 0)], (4 * factor, power), np.asarray([0.25, 1, 4])) == 0.25
