"""The numbers of the methods can be read and searched by a script."""

from dataclasses import replace

import numpy as np
import pytest

from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.methods.evidence import Evidence, EvidenceOptions
from promptpress.methods.hybrid import Hybrid, HybridOptions
from promptpress.methods.relevance import RelevanceScorer
from promptpress.methods.weights import EvidenceWeights, Number, RelevanceWeights, numbers_of
from tests.conftest import PROSE

LOADER = ModelLoader()
PASSAGES = [segment(PROSE, "Roald Amundsen"), segment("Bread is baked from flour. It is old.", "Bread")]
QUESTION = "Which ship did Amundsen use?"


@pytest.mark.parametrize("number", [*numbers_of(RelevanceWeights), *numbers_of(EvidenceWeights)], ids=lambda n: n.name)
def test_every_number_has_a_meaning_a_unit_and_a_range_around_it(number: Number) -> None:
    assert number.meaning
    assert number.unit
    assert number.low <= number.default <= number.high
    assert number.whole == (number.unit in ("words", "units", "characters", "tokens", "documents"))


def test_what_is_few_is_fewer_than_what_is_many() -> None:
    weights = EvidenceWeights()
    assert weights.few_documents_to < weights.several_documents_from < weights.many_documents_from


def test_other_weights_give_other_scores() -> None:
    models = LOADER.models()
    usual = Hybrid(models).score(PASSAGES, QUESTION, HybridOptions()).units
    same = Hybrid(models, RelevanceWeights()).score(PASSAGES, QUESTION, HybridOptions()).units
    other = Hybrid(models, RelevanceWeights(lexical_min=1.4)).score(PASSAGES, QUESTION, HybridOptions()).units
    assert all(np.array_equal(a, b) for a, b in zip(usual, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(usual, other, strict=True))


def test_the_weights_of_evidence_and_those_of_its_relevance_both_count() -> None:
    models = LOADER.models()
    passages = [*PASSAGES, *(segment(f"{PROSE} Number {i}.", f"Part {i}") for i in range(10))]

    def scores(method: Evidence) -> np.ndarray:
        return np.concatenate(method.score(passages, QUESTION, EvidenceOptions()).units)

    usual = scores(Evidence(models))
    assert not np.array_equal(usual, scores(Evidence(models, replace(EvidenceWeights(), evidence_long_query=2.0))))
    assert not np.array_equal(
        usual, scores(Evidence(models, relevance=RelevanceWeights(lexical_context_free=0, lexical_min=1)))
    )
    nothing = scores(Evidence(models, EvidenceWeights(read_min=0, read_max=0)))
    relevance = RelevanceScorer(models, passages).signals(QUESTION).score
    assert np.array_equal(nothing, relevance)
