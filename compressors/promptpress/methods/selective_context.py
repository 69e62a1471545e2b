"""Selective Context (arXiv 2310.06201): drops what a language model finds predictable.

The official code is the specification; where it breaks (characters that are several tokens, words that run together,
sentences longer than the model) ours does not follow. What is kept is slices of the original, its white space included.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from promptpress.arrays import Float32Array
from promptpress.backends.causal_lm.alignment import unit_scores
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.models import ModelRole
from promptpress.content import Passage
from promptpress.content.fragments import Level
from promptpress.content.fragments.splitting import Chunker, divide_all, uses_spacy
from promptpress.methods.base import Method
from promptpress.methods.capabilities import Resegments, StopsItself
from promptpress.scores import Scored
from promptpress.text.tokens import Tokens


class SelectiveContextOptions(BaseModel):
    """Options of `selective_context`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    unit: Literal["token", "word", "phrase", "sentence"] = Field("phrase", description="What is kept or dropped.")
    unit_pool: Literal["mean", "sum"] = Field(
        "mean", description="A unit's score from its tokens': mean as in the official code, sum as in the paper."
    )
    reduce_ratio: float = Field(
        0.35, ge=0, le=0.95, description="Without a target: units below this quantile of the scores are dropped."
    )
    cap: float = Field(
        0.5, ge=0, le=0.95, description="Most that reduce_ratio may be; beyond a half the method was no better than chance."
    )
    context: Literal["sentence", "document"] = Field(
        "sentence", description="What a token's probability is given: its sentence as in the paper, or all before it."
    )
    chunker: Chunker = Field("auto", description="Finds phrases: `rules`, `spacy`, or spaCy if it is installed.")

    @model_validator(mode="after")
    def _capped(self) -> Self:
        if self.reduce_ratio > self.cap:
            raise ValueError(f"reduce_ratio {self.reduce_ratio:g} is above cap {self.cap:g}; raise options.cap to allow it")
        return self


class SelectiveContext(
    Method[SelectiveContextOptions], Resegments[SelectiveContextOptions], StopsItself[SelectiveContextOptions]
):
    """Keeps the units with the highest self-information; asks no query."""

    name = "selective_context"
    summary = "Drops phrases, tokens or sentences that a language model finds predictable (Selective Context)."
    query_use = "ignored"
    options_model: ClassVar[type[BaseModel]] = SelectiveContextOptions
    model_roles = (ModelRole.CAUSAL_LM,)

    def resegment(self, passages: Sequence[Passage], options: SelectiveContextOptions, facts: bool) -> list[Passage]:
        """See Resegments.resegment."""
        return divide_all(
            passages, Level(options.unit), facts, lambda t: self._models.causal_lm().tokenize(t), options.chunker
        )

    def score(self, passages: Sequence[Passage], query: str | None, options: SelectiveContextOptions) -> Scored:
        """I(u) = mean or sum over u's tokens of -ln p(x_t | start, x_<t); a token in k units counts 1/k in each."""
        model = self._models.causal_lm()
        if options.context == "document":
            tokens = model.tokenize([passage.text for passage in passages])
            losses = [read[0] for read in model.losses([each.ids for each in tokens])]
        else:
            tokens, losses = sentence_losses(model, passages)
        units = [
            unit_scores(passage, each, values, options.unit_pool)
            for passage, each, values in zip(passages, tokens, losses, strict=True)
        ]
        details: dict[str, object] = {"unit": options.unit}
        if options.unit == "phrase":
            details["chunker"] = "spacy" if uses_spacy(options.chunker) else "rules"
        return Scored(units, details=details)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: SelectiveContextOptions) -> list[set[int]]:
        """Every unit whose score is not below the quantile of all units' scores at `reduce_ratio`."""
        chosen = [np.asarray([not unit.structural for unit in passage.units], dtype=bool) for passage in passages]
        flat = np.concatenate([scores[wanted] for scores, wanted in zip(scored.units, chosen, strict=True)])
        if not len(flat):
            return [set() for _ in passages]
        least = np.percentile(flat, 100 * options.reduce_ratio)
        return [
            {int(u) for u in np.flatnonzero(wanted & (scores >= least))}
            for scores, wanted in zip(scored.units, chosen, strict=True)
        ]


def sentence_losses(model: CausalLM, passages: Sequence[Passage]) -> tuple[list[Tokens], list[Float32Array]]:
    """Tokens of each passage and their losses, each sentence read by itself."""
    texts: list[str] = []
    places: list[tuple[int, int]] = []
    for index, passage in enumerate(passages):
        for unit in (passage.source_passage or passage).units:
            texts.append(passage.text[unit.start : unit.end])
            places.append((index, unit.start))
    tokens = model.tokenize(texts)
    losses = model.losses([each.ids for each in tokens])
    empty = np.empty(0, dtype=np.int64)
    gathered: list[list[tuple[Tokens, Float32Array]]] = [
        [(Tokens(empty, empty, empty), np.empty(0, dtype=np.float32))] for _ in passages
    ]
    for (index, start), each, read in zip(places, tokens, losses, strict=True):
        gathered[index].append((Tokens(each.ids, each.starts + start, each.ends + start), read[0]))
    return (
        [
            Tokens(
                np.concatenate([t.ids for t, _ in each]),
                np.concatenate([t.starts for t, _ in each]),
                np.concatenate([t.ends for t, _ in each]),
            )
            for each in gathered
        ],
        [np.concatenate([values for _, values in each]) for each in gathered],
    )
