import pytest
import regex
from hypothesis import given

from promptpress.backends.rewriter.base import RewriteJob
from promptpress.backends.rewriter.deletion import DeletionRewriter
from promptpress.content import segment
from promptpress.methods.scope.keywords import KeywordFinder
from promptpress.text.facts import fact_spans
from promptpress.text.tokenization import counter_for
from promptpress.text.words import looks_english
from tests.strategies import sentences

COUNT = counter_for().count


def job(text: str, most_tokens: int = 1, query: str | None = None) -> RewriteJob:
    finder = KeywordFinder([text, "Other words stand in the other chunk."] * 2, query)
    units = [(unit.start, unit.end) for unit in segment(text).units]
    return RewriteJob(text, units, finder.spans(text) if query else [], [], most_tokens, COUNT)


def shortened(text: str, query: str | None = None) -> str:
    return DeletionRewriter().rewrite(job(text, query=query)).text


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            "It was very cold in the house, of course, and the fire was out.",
            "It was cold in the house, and the fire was out.",
        ),
        ("It is worth noting that the bridge is old and has to be repaired.", "the bridge is old and has to be repaired."),
        ("The house (which nobody liked) was sold to a man of the town.", None),
        ("The house (it is the big one) was sold to a man of the town.", "The house was sold to a man of the town."),
        ("The old mayor, a man of the people, was in the hall that day.", "The old mayor was in the hall that day."),
        ("He was not really in the house and it was not very cold.", None),
        ("The bridge was opened (in 1912) and it is a bridge to this day.", None),
        ("The dog was seen by Anna, a friend of Bert, in the old house.", "The dog was seen by Anna, a friend of Bert."),
        ("What kind of a house is it that you have in the town?", None),
        ("We we are in the house and it is is cold.", "we are in the house and it is cold."),
    ],
)
def test_what_says_least_goes(text: str, result: str | None) -> None:
    assert shortened(text) == (text if result is None else result)


def test_grades_go_only_as_far_as_asked() -> None:
    text = "The old mayor, a man of the people, was really in the hall that day."
    little = DeletionRewriter().rewrite(job(text, COUNT(text) - 1)).text
    assert little == "The old mayor, a man of the people, was in the hall that day."


def test_words_of_the_query_stay() -> None:
    text = "The old mayor, a man of the people, was in the hall that day."
    assert "people" in shortened(text, query="Whose man was he, the people's?")


@pytest.mark.parametrize(
    "text", ["阿蒙森是挪威探险家。他在1911年到达南极。", "Der alte Mann (er war sehr alt) ging sehr langsam nach Hause."]
)
def test_other_languages_pass_through(text: str) -> None:
    assert not looks_english(text)
    assert shortened(text) == text


@given(text=sentences)
def test_no_fact_is_touched_and_what_stays_is_verbatim(text: str) -> None:
    draft = DeletionRewriter().rewrite(job(f"It is in the house. {text}"))
    for cut in draft.replacements:
        assert cut.text == ""
        assert not any(s < cut.end and e > cut.start for s, e in fact_spans(f"It is in the house. {text}"))
    assert len(regex.findall(r"\d", draft.text)) == len(regex.findall(r"\d", text))
