"""BM25 over sentences."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.scores import Scored, per_passage
from promptpress.text.language import language_of
from promptpress.text.lexical import bm25, terms

_SAMPLED, _SAMPLE = 8, 500
"""Passages, and characters of each, that tell the language of a request."""


class Bm25Options(BaseModel):
    """Options of `bm25`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    titles: bool = Field(True, description="Let a document's title count as part of each of its sentences.")


class Bm25(Method[Bm25Options]):
    """Keeps the sentences that share the query's rare words. No model."""

    name = "bm25"
    summary = "Keeps the sentences that share rare words with the query. No model; a baseline, and good for identifiers."
    query_use = "required"
    options_model: ClassVar[type[BaseModel]] = Bm25Options

    def score(self, passages: Sequence[Passage], query: str | None, options: Bm25Options) -> Scored:
        """BM25 of each unit, its document's title included; `passages` is the best unit's score."""
        units = unit_scores(passages, query or "", titles=options.titles)
        best = np.asarray([scores.max() if len(scores) else 0.0 for scores in units], dtype=np.float32)
        return Scored(units, best)


def unit_scores(passages: Sequence[Passage], query: str, titles: bool) -> list[np.ndarray]:
    """BM25 of every unit among all units of the request."""
    return per_passage(passages, bm25(query, unit_terms(passages, titles), language_of_all(passages)))


def unit_terms(passages: Sequence[Passage], titles: bool) -> list[list[str]]:
    """The terms of every unit of the request, with those of its document's title if `titles` is set."""
    found: list[list[str]] = []
    language = language_of_all(passages)
    for passage in passages:
        title = terms(passage.title, language) if titles else []
        found.extend(terms(passage.slice(index), language) + title for index in range(len(passage.units)))
    return found


def language_of_all(passages: Sequence[Passage]) -> str:
    """The language of most of the first passages' text; BM25 needs one for all units."""
    return language_of("\n".join(passage.text[:_SAMPLE] for passage in passages[:_SAMPLED]))
