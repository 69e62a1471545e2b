"""EHPC (arXiv 2501.12959): keeps the tokens that evaluator heads attend to from the question.

The paper deletes single tokens of one prompt that ends with its question. Here the question is the request's query, or,
without one, the end of the text; texts longer than a window are read in several
(`promptpress.backends.attention_heads.scoring`); and the unit is the sentence unless the option `unit` differs.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.attention_heads.profile import HeadProfile, out_of_range
from promptpress.backends.attention_heads.scoring import Compare, token_scores
from promptpress.backends.causal_lm.alignment import unit_scores
from promptpress.content import Passage
from promptpress.content.fragments import Level
from promptpress.content.fragments.splitting import divide_all
from promptpress.errors import InvalidValue
from promptpress.methods.base import Method
from promptpress.methods.capabilities import Resegments, StopsItself
from promptpress.scores import Scored, best_units

_WITHOUT_TARGET = 0.5


class EhpcOptions(BaseModel):
    """Options of `ehpc`. Options that are not given come from the evaluator's profile."""

    model_config = ConfigDict(extra="forbid", strict=True)

    unit: Literal["token", "word", "sentence"] = Field("sentence", description="What is kept or dropped.")
    evaluator: Literal["auto", "causal_lm", "encoder"] = Field(
        "auto", description="Whose heads: the language model's, the embedded encoder's, or the former's if there are any."
    )
    layer: int | None = Field(None, ge=0, description="Layer of the evaluator heads, from 0.")
    heads: list[Annotated[int, Field(ge=0)]] | None = Field(
        None, min_length=1, max_length=1024, description="Evaluator heads of that layer, from 0."
    )
    window: int | None = Field(None, ge=1, le=512, description="How many of the last tokens look.")
    kernel: int | None = Field(None, ge=1, le=512, description="Tokens over which scores are averaged.")
    across_windows: Compare = Field(
        "raw", description="How windows compare: attention as it is, over an even spread, or as a share of the window's."
    )


class Ehpc(Method[EhpcOptions], Resegments[EhpcOptions], StopsItself[EhpcOptions]):
    """Keeps what evaluator heads attend to from the end of the question."""

    name = "ehpc"
    summary = "Sentences, words or tokens that a few attention heads look at from the question (EHPC)."
    options_model: ClassVar[type[BaseModel]] = EhpcOptions

    def model_names(self, options: EhpcOptions | None = None) -> list[str]:
        """The evaluator's name; the language model counts only where the options lead to it."""
        return [] if options is None else [self._evaluator(options).name]

    def resegment(self, passages: Sequence[Passage], options: EhpcOptions, facts: bool) -> list[Passage]:
        """See Resegments.resegment."""
        return divide_all(passages, Level(options.unit), facts, lambda texts: self._evaluator(options).tokenize(texts))

    def score(self, passages: Sequence[Passage], query: str | None, options: EhpcOptions) -> Scored:
        """The mean of s2 over a unit's tokens; see `token_scores`."""
        evaluator = self._evaluator(options)
        profile = _chosen(evaluator, options)
        tokens, scores = token_scores(evaluator, profile, passages, query, options.across_windows)
        units = [unit_scores(p, t, values) for p, t, values in zip(passages, tokens, scores, strict=True)]
        relevance = np.asarray([float(values.mean()) if len(values) else 0.0 for values in scores], dtype=np.float32)
        details = {"evaluator": evaluator.name, "layer": profile.layer, "heads": list(profile.heads), "unit": options.unit}
        return Scored(units, relevance, details)

    def stop(self, passages: Sequence[Passage], scored: Scored, options: EhpcOptions) -> list[set[int]] | None:
        """The better half of the sentences; finer units need a target."""
        if options.unit != "sentence":
            return None
        return best_units(scored, int(_WITHOUT_TARGET * sum(len(passage.units) for passage in passages)))

    def _evaluator(self, options: EhpcOptions) -> Evaluator:
        if options.evaluator == "encoder":
            return self._models.evaluator("encoder")
        if options.evaluator == "causal_lm":
            return self._models.evaluator("causal_lm")
        if self._models.has_causal_lm:
            found = self._models.evaluator("causal_lm")
            if found.profile is not None or options.heads is not None:
                return found
        return self._models.evaluator("encoder")


def _chosen(evaluator: Evaluator, options: EhpcOptions) -> HeadProfile:
    known = evaluator.profile
    layer = options.layer if options.layer is not None else known.layer if known else None
    heads = tuple(options.heads) if options.heads is not None else known.heads if known else None
    if layer is None or heads is None:
        raise InvalidValue(
            f"the evaluator heads of {evaluator.name} are not known; find them with `promptpress find-heads` and set "
            "evaluator_heads to its result, or give options.layer and options.heads",
            "options.heads",
        )
    window = options.window or (known.window if known else 16)
    profile = HeadProfile(layer, heads, window, options.kernel or (known.kernel if known else 32))
    if wrong := out_of_range(profile, evaluator.layers, evaluator.heads):
        raise InvalidValue(wrong, "options.layer" if wrong.startswith("layer") else "options.heads")
    return profile
