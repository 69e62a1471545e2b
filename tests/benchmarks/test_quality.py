import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality.__main__ import method_and_options, run
from benchmarks.quality.data import Item, dataset_files, load, load_set
from benchmarks.quality.forms import FORMS, Form, passages, request_for, spans_of
from benchmarks.quality.metrics import kept, survives
from benchmarks.quality.outcome import violation
from benchmarks.quality.plot import draw
from benchmarks.quality.table import markdown
from promptpress import compress
from tests.conftest import PROSE


def item(**fields: object) -> Item:
    base = {
        "id": "1",
        "dataset": "set",
        "question": "Which ship did Amundsen use?",
        "documents": [{"title": "Amundsen", "text": PROSE}],
        "answers": ["Fram"],
        "all_required": False,
        "key_terms": [],
    }
    return Item(**{**base, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        ("Fram", "the ship fram sailed", True),
        ("Fram", "a framed picture", False),
        ("14 December", "on 14  december 1911", True),
        ('Jonny" Craig', "jonny craig sang", True),
        ("船", "他的船叫", True),
        ("", "anything", False),
        ("C++", "in c++ code", True),
    ],
)
def test_answers_match_as_whole_words(answer: str, text: str, found: bool) -> None:
    from benchmarks.quality.metrics import normalise

    assert survives(answer, normalise(text)) is found


def test_only_what_was_there_can_be_kept() -> None:
    assert kept(item(), "His ship was called Fram.") == 1
    assert kept(item(), "He went to sea.") == 0
    assert kept(item(answers=["Titanic"]), "Titanic") is None
    assert kept(item(answers=["Fram", "Oslo"], all_required=True), "Fram") == 0
    assert kept(item(answers=["Fram", "Oslo"]), "Fram") == 1
    assert kept(item(key_terms=["Fram", "Oslo", "Titanic"]), "Fram") == 0.5


def test_a_sample_is_the_same_every_time(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl.gz"
    rows: list[dict[str, Any]] = [
        {
            "id": str(i),
            "lang": "de" if i % 5 else "en",
            "question": "q",
            "documents": [{"title": "t", "text": "x"}],
            "answers": [],
            "meta": {},
        }
        for i in range(50)
    ]
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    assert [i.id for i in load(path, 5)] == [i.id for i in load(path, 5)]
    assert len(load(path)) == 50
    files = dataset_files(tmp_path)
    english = load_set(files, "set:en")
    assert {(i.dataset, int(i.id) % 5) for i in english} == {("set:en", 0)}
    assert (len(english), len(load_set(files, "set:en", 3)), len(load_set(files, "set"))) == (10, 3, 50)
    with pytest.raises(SystemExit, match="other"):
        load_set(files, "other:en")
    for nowhere in ("set:xx", "set:"):
        with pytest.raises(SystemExit, match="no item of 'set'"):
            load_set(files, nowhere)


def test_the_whole_benchmark(tmp_path: Path) -> None:
    outcomes = run(
        [item(), item(id="2", question="When did he disappear?", answers=["June 1928"])], ["auto", "truncate"], [0.5, 0.25]
    )
    assert len(outcomes) == 8
    assert not [outcome.violation for outcome in outcomes if outcome.violation]
    text = markdown(outcomes)
    assert "| set | 2 |" in text
    assert "0 broken promises" in text
    draw(outcomes, tmp_path / "q.png")
    assert (tmp_path / "q.png").stat().st_size > 10_000


def test_a_method_may_come_with_options() -> None:
    assert method_and_options("bm25") == ("bm25", {})
    assert method_and_options("dspc:stages=both,unit=word,layer=2") == (
        "dspc",
        {"stages": "both", "unit": "word", "layer": 2},
    )
    (outcome,) = run([item()], ["dspc:stages=coarse"], [0.5])
    assert outcome.method == "dspc:stages=coarse"


def test_measures_of_summaries() -> None:
    from benchmarks.quality.summaries import entity_recall, rouge_l_recall

    summary = item(answers=["Later Amundsen sailed from Oslo in 1910 with Titanic."], summary=True)
    assert rouge_l_recall(summary, "Amundsen sailed home from Oslo") == pytest.approx(4 / 9)
    assert rouge_l_recall(summary, "") == 0
    assert entity_recall(summary, "Oslo 1910") == pytest.approx(2 / 3)
    assert rouge_l_recall(item(), "x") is None
    assert entity_recall(item(), "x") is None


@pytest.mark.parametrize("form", FORMS)
def test_the_same_passages_in_every_form(form: Form) -> None:
    documents = [{"title": "South Pole", "text": PROSE}]
    item = Item("i", "made", "Which ship did Amundsen use?", documents, ["Fram"], all_required=False, key_terms=[])
    request = request_for(item, form, target_ratio=0.5, include=["spans"])
    (passage,) = passages(request)
    assert passage.text.endswith(PROSE)
    result = compress(**{name: getattr(request, name) for name in request.model_fields_set})
    assert violation(request, result, 0.5) is None
    assert [len(spans) > 0 for spans in spans_of(result)] == [True]
    assert "Fram" in passages(result)[0].text
