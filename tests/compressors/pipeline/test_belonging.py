"""In the output, every kept unit stands under the headings of the original, or under none of another's."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import compress
from promptpress.content import Passage, segment
from promptpress.content.render import render
from promptpress.pipeline.belonging import misplaced
from promptpress.pipeline.budget import UnitSelector
from promptpress.scores import UnitRef
from tests.strategies import any_text

_names = st.sampled_from(["Arden", "Birkwell", "Cray Moor", "Zimmer 12", "Dunholm"])
_facts = st.integers(100, 999).map(lambda number: f"The code is {number}. It was not checked.")


def _section(form: str, name: str, number: int, fact: str) -> str:
    return {
        "markdown": f"## {name} {number}\n\n{fact}",
        "underlined": f"{name} {number}\n=========\n\n{fact}",
        "numbered": f"3.{number} {name}\n{fact}",
        "label": f"{name} {number}:\n{fact}",
        "bold": f"**{name} {number}**\n\n{fact}",
        "list": f"- {name} {number}\n  - {fact}\n  - Closed.",
        "outline": f"{name} {number}\n  {fact}",
        "source": f"[{number}] {fact}",
        "tagged": f'<doc id="{number}">\n{fact}\n</doc>',
        "quote": f"{name} {number} wrote:\n> {fact}",
        "title": f"{name} {number}\nThe following was found on site. {fact}",
        "message": f"From: {name} {number}\nTo: Ann\n\n{fact}",
    }[form]


FORMS = [
    "markdown",
    "underlined",
    "numbered",
    "label",
    "bold",
    "list",
    "outline",
    "source",
    "tagged",
    "quote",
    "title",
    "message",
]


def _owner(form: str, name: str, number: int) -> str:
    return {"source": f"[{number}]", "tagged": f'<doc id="{number}">', "numbered": f"3.{number} {name}"}.get(
        form, f"{name} {number}"
    )


@given(form=st.sampled_from(FORMS), names=st.lists(_names, min_size=2, max_size=6), data=st.data())
def test_a_kept_fact_stands_under_its_own_section(form: str, names: list[str], data: st.DataObject) -> None:
    facts = [f"The code is {100 + n}. It was not checked." for n in range(len(names))]
    sections = [_section(form, name, n + 1, fact) for n, (name, fact) in enumerate(zip(names, facts, strict=True))]
    passage = segment("\n\n".join(sections))
    seeds = data.draw(st.sets(st.integers(0, len(passage.units) - 1)))
    text = render(passage, _closed(passage, seeds)).text
    owners = [(text.find(_owner(form, name, n + 1)), n) for n, name in enumerate(names)]
    for n in range(len(names)):
        if (place := text.find(f"The code is {100 + n}.")) >= 0:
            above = max((each for each in owners if 0 <= each[0] <= place), default=None)
            assert above is not None
            assert above[1] == n


def _closed(passage: Passage, seeds: set[int]) -> set[int]:
    refs = [UnitRef(0, seed) for seed in seeds]
    return UnitSelector([passage], len).with_requirements(refs)[0]


@given(text=any_text, seed=st.integers(0, 1000))
def test_nothing_is_misplaced_whatever_is_kept(text: str, seed: int) -> None:
    passage = segment(text)
    choose = random.Random(seed)
    kept = _closed(passage, {unit for unit in range(len(passage.units)) if choose.random() < 0.4})
    assert misplaced(passage, kept) == set()


def test_what_has_lost_its_heading_is_misplaced() -> None:
    passage = segment("# A\n\nThe first one.\n\n# B\n\nThe second one.")
    assert misplaced(passage, {0, 1}) == set()
    assert misplaced(passage, {0, 1, 3}) == {3}


@pytest.mark.parametrize("ratio", [0.15, 0.3, 0.5, 0.8])
def test_a_quotation_keeps_its_marks(ratio: float) -> None:
    text = (
        "No, leave the patch out. I will test it on Monday.\n\nOn Tue, 9 June 2026, Noor wrote:\n"
        "> > Should we ship the patch tonight? The client is waiting.\n>\n> I would ship it. The tests are green.\n"
    )
    result = compress(text, query="Are the tests green?", target_ratio=ratio).text or ""
    marks = {"Should we": "> > ", "The client": "> > ", "I would": "> ", "The tests": "> ", "No, leave": "", "I will": ""}
    for line, (words, mark) in itertools.product(result.splitlines(), marks.items()):
        if words in line:
            assert line[: len(line) - len(line.lstrip("> "))] == mark
