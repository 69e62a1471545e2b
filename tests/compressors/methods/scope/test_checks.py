"""Keywords, fidelity and acceptance."""

import itertools

import pytest

from promptpress.backends.rewriter.base import Draft, RewriteJob
from promptpress.content import Replacement
from promptpress.methods.scope.acceptance import objections
from promptpress.methods.scope.keywords import KeywordFinder
from promptpress.text.fidelity import invented
from promptpress.text.tokenization import counter_for
from tests.conftest import PROSE


def test_keywords_are_facts_names_negations_with_heads_and_the_query() -> None:
    finder = KeywordFinder([PROSE, "Bread is baked."], "Which ship did he use?")
    found = finder.keywords(PROSE)
    assert {"Roald Amundsen", "14 December 1911", "33 days", "not the", "None of", "ship", "Fram"} <= set(found)
    spans = finder.spans(PROSE)
    assert spans == sorted(spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("Amundsen reached the South Pole on 14 December 1911.", []),
        ("Amundsen reached the South Pole on 15 December 1911.", ["15 December 1911"]),
        ("Amundsen, with twelve men, reached the South Pole.", ["twelve"]),
        ("Shackleton reached the South Pole.", ["Shackleton"]),
        ("He never reached the South Pole.", ["never"]),
        ("He studied medicine; see https://a.b/c for more.", ["https://a.b/c"]),
        ("However, he studied medicine.", []),
        ("He studied medicine.\u202e", ["\u202e"]),
    ],
)
def test_what_the_source_does_not_say_is_invented(written: str, what: list[str]) -> None:
    assert invented(PROSE, written) == what


def test_objections_name_the_reason() -> None:
    keywords = ["14 December 1911"]
    job = RewriteJob(PROSE, [], [], keywords, 20, counter_for().count)

    def reasons(text: str) -> list[str]:
        return [each.reason for each in objections(job, Draft(text, [Replacement(0, len(PROSE), text)]))]

    assert reasons("He reached the South Pole on 14 December 1911.") == []
    assert reasons("He reached the South Pole.") == ["keywords_missing"]
    assert reasons("") == ["empty"]
    assert reasons(PROSE) == ["not_shorter"]
    assert reasons(PROSE[:200]) == ["too_long"]
    assert "refused" in reasons("I'm sorry, I cannot. 14 December 1911")
    assert "not_the_text" in reasons("Here is the text: 14 December 1911")
