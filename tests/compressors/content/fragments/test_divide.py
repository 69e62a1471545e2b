from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress.content import Kind, Passage, segment
from promptpress.content.fragments import divide, word_spans
from promptpress.content.fragments.phrases import phrase_spans, spacy_is_installed, spacy_spans
from promptpress.content.render import render
from promptpress.errors import InvalidValue
from promptpress.pipeline.verify import verify_and_rollback
from promptpress.text.facts import fact_spans
from promptpress.text.graphemes import splits_cluster
from promptpress.text.spans import SpanSet
from tests.conftest import PROSE
from tests.strategies import any_text


def words(text: str, facts: bool = True) -> Passage:
    return divide(segment(text), partial(word_spans, text), facts)


def slices(passage: Passage) -> list[str]:
    return [passage.slice(i) for i in range(len(passage.units))]


def filled(passage: Passage) -> set[int]:
    return {i for unit in passage.units for i in range(unit.start, unit.end) if not passage.text[i].isspace()}


def closed(passage: Passage, units: set[int]) -> set[int]:
    while True:
        more = units | {each for unit in units for each in passage.units[unit].requires}
        if more == units:
            return units
        units = more


@given(text=any_text)
def test_fragments_partition_what_the_units_held(text: str) -> None:
    passage = words(text)
    edges = [edge for unit in passage.units for edge in (unit.start, unit.end)]
    assert edges == sorted(edges)
    assert filled(passage) == filled(segment(text))
    for unit in passage.units:
        assert all(0 <= each < len(passage.units) for each in unit.requires)
        if unit.kind is Kind.FRAGMENT:
            assert not splits_cluster(text, unit.start)
            assert not splits_cluster(text, unit.end)
    assert render(passage, set(range(len(passage.units)))).text == text or not passage.units


@given(text=any_text, data=st.data())
def test_a_sentence_of_which_anything_is_kept_keeps_its_facts(text: str, data: st.DataObject) -> None:
    passage = words(text)
    if not passage.units:
        return
    chosen = data.draw(st.sets(st.integers(0, len(passage.units) - 1), max_size=5))
    kept = closed(passage, chosen)
    spans = SpanSet(render(passage, kept).spans)
    assert passage.source_passage is not None
    for sentence in passage.source_passage.units:
        pieces = [i for i, u in enumerate(passage.units) if sentence.start <= u.start < sentence.end]
        if any(passage.units[i].kind is Kind.FRAGMENT and passage.units[i].requires and i in kept for i in pieces):
            for start, end in fact_spans(text):
                if sentence.start <= start and end <= sentence.end:
                    assert spans.contains(start, end), text[start:end]


def test_verify_rolls_back_a_fragment_that_came_without_its_sentences_facts() -> None:
    passage = words("The dose must not exceed 5 mg in the first week.")
    rendered, lost = verify_and_rollback(passage, {slices(passage).index("exceed")})
    assert rendered.text == ""
    assert lost


def test_negations_numbers_and_names_stay_and_other_words_may_go() -> None:
    passage = words("Some doctors say that Miriam must not take more than 5 mg of it.")
    kept = closed(passage, {slices(passage).index("doctors")})
    assert render(passage, kept).text == "doctors Miriam must not more than 5 mg."


def test_without_facts_only_labels_and_end_marks_are_required() -> None:
    passage = words("ANN: I do not know that. Ask Bob.\nBOB: Why?\nANN: Because.\nBOB: Fine.", facts=False)
    kept = closed(passage, {slices(passage).index("know")})
    assert render(passage, kept).text == "ANN: know."


def test_a_later_sentence_of_a_turn_brings_the_speaker_but_not_what_was_said_before() -> None:
    turn = "ANN: " + "We saw 17 boats out there in the morning. " * 8 + "Then everybody went home again."
    passage = words(turn + "\nBOB: Fine.\nANN: Good.\nBOB: Bye.")
    kept = closed(passage, {max(i for i, each in enumerate(slices(passage)) if each == "everybody")})
    text = render(passage, kept).text
    assert text.startswith("ANN:")
    assert "17" not in text
    assert "everybody" in text


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("The old cat was not hungry. It sat down.", {"cat", "sat"}, "cat not. sat."),
        ("Did anybody see it?! They all did so.", {"see", "did"}, "see?! did."),
        ("他不是学生。她是老师。", {"他", "她"}, "他不。她。"),
        ("他不是学生？！她是老师！！", {"他", "她"}, "他不？！她！！"),
        ("She came?… They all did so.", {"came", "did"}, "came?… did."),
        ("It rained, and so on ... The end came.", {"rained", "end"}, "rained end."),
    ],
)
def test_a_sentence_of_which_anything_is_kept_keeps_its_end_mark(text: str, kept: set[str], expected: str) -> None:
    passage = words(text)
    chosen = {i for i, each in enumerate(slices(passage)) if each in kept}
    assert render(passage, closed(passage, chosen)).text == expected


def test_an_end_mark_is_never_chosen_for_itself() -> None:
    passage = words("Some people went home. Others did not?")
    assert [slices(passage)[i] for i, unit in enumerate(passage.units) if unit.structural] == [".", "?"]


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("The big dog barked.", {"The", "."}, "The."),
        ("The big dog barked. It left.", {"dog", "left"}, "dog left"),
        ("One line here\nand another one. Third.", {"line", "another"}, "line\nanother"),
        ("One here.\n\nTwo is there.", {"here", "there"}, "here\n\nthere"),
    ],
)
def test_gaps_between_fragments(text: str, kept: set[str], expected: str) -> None:
    passage = words(text)
    assert render(passage, {i for i, each in enumerate(slices(passage)) if each in kept}).text == expected


def test_structured_parts_stay_whole() -> None:
    text = 'He said it.\n\n```\nx = 1\n\ny = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{"a": [1, 2]}'
    passage = words(text)
    undivided = passage.source_passage
    assert undivided is not None
    assert [u for u in passage.units if u.kind is not Kind.FRAGMENT] != []
    structured = {(u.start, u.end) for u in undivided.units if u.kind is not Kind.SENTENCE}
    assert structured <= {(u.start, u.end) for u in passage.units}
    for unit in passage.units:
        if unit.kind is Kind.TABLE_ROW and unit.requires:
            assert passage.units[unit.requires[0]].kind is Kind.TABLE_ROW


def test_a_list_of_facts_is_not_divided() -> None:
    passage = words(" ".join(str(i) for i in range(100)) + " are numbers here")
    assert [unit.kind for unit in passage.units] == [Kind.SENTENCE]


def test_noun_phrases_stay_together() -> None:
    def phrases(text: str) -> list[str]:
        return [text[a:b] for a, b in phrase_spans(text, 0, len(text))]

    assert phrases("The large model was trained by Roald Amundsen in an airship.") == [
        *("The large model", "was", "trained", "by", "Roald Amundsen", "in", "an airship", ".")
    ]
    assert phrases("She saw the red door, but no window.") == ["She", "saw", "the red door", ",", "but", "no window", "."]
    for (_, end), (start, _) in pairwise(phrase_spans(PROSE, 0, len(PROSE))):
        assert not PROSE[end:start].strip()


@pytest.mark.skipif(spacy_is_installed(), reason="spaCy is installed")
def test_spacy_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidValue, match="spacy download") as caught:
        spacy_spans("Text.")
    assert caught.value.field == "options.chunker"
