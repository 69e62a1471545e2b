"""The fine stage of DSPC: the most informative parts of the kept sentences, by two language models.

alpha = b_attn * A + b_loss * D + b_pos * P. The paper's full text was not available to us. The three terms and their weights
follow a published review; how heads are aggregated, which models give D and with which sign, and the constants of P are
unverified, so each has an option.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.causal import CausalEvaluator
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.backends.attention_heads.scoring import token_scores
from promptpress.backends.causal_lm.alignment import pool, trimmed
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.windows import overlapping_windows
from promptpress.content import Passage
from promptpress.content.render import render
from promptpress.text.tokens import Tokens

Units = list[NDArray[np.float64]]


class FineOptions(BaseModel):
    """Options of the fine stage."""

    model_config = ConfigDict(extra="forbid", strict=True)

    unit: Literal["token", "word", "phrase"] = Field("word", description="What the fine stage keeps or drops.")
    attention_weight: float = Field(0.6, ge=0, le=10, description="Weight of attention; 0 leaves it out (paper: 0.6).")
    loss_weight: float = Field(0.3, ge=0, le=10, description="Weight of the loss difference; 0 leaves it out (paper: 0.3).")
    position_weight: float = Field(0.1, ge=0, le=10, description="Weight of position; 0 leaves it out (paper: 0.1).")
    attention_from: Literal["query", "all"] = Field(
        "query", description="Who looks: the query if there is one, or all later tokens."
    )
    attention_heads: Literal["mean", "max"] = Field("mean", description="How the last layer's heads are taken together.")
    loss_sign: Literal["small_minus_large", "large_minus_small", "absolute"] = Field(
        "small_minus_large", description="Which difference of the two models' losses counts; what is below 0 counts 0."
    )
    position_lambda: float = Field(1.0, ge=0, le=10, description="Height of the bonus for the middle of the text.")
    position_sigma: float = Field(0.25, gt=0, le=10, description="Its width, as a share of the text.")


@dataclass(frozen=True)
class _Left:
    """The text of a passage after the coarse stage, and the offset of each character in the original."""

    text: str
    places: NDArray[np.int64]


def fine_scores(
    passages: Sequence[Passage],
    kept: Sequence[set[int]],
    query: str | None,
    options: FineOptions,
    *,
    large: Callable[[], CausalLM],
    small: Callable[[], CausalLM | None],
) -> Units:
    """alpha of each unit of each passage; 0 for units of sentences that were not kept.

    `kept`: sentences of each passage before it was divided. Terms are means over a unit's tokens; A and D are divided by
    their maxima, P stays as it is. `small` None: the first third of the large model's layers, with its own head.
    """
    model = large()
    left = [_left(passage.source_passage or passage, units) for passage, units in zip(passages, kept, strict=True)]
    tokens = model.tokenize([each.text for each in left])
    total: Units = [np.zeros(len(passage.units)) for passage in passages]

    def add(weight: float, term: Units, normalised: bool) -> None:
        most = max((float(values.max(initial=0)) for values in term), default=0.0) if normalised else 1.0
        for into, values in zip(total, term, strict=True):
            into += weight * values / (most or 1.0)

    def by_unit(values: Sequence[Float32Array]) -> Units:
        return [_means(*pooled(p, e, t, v)) for p, e, t, v in zip(passages, left, tokens, values, strict=True)]

    if options.attention_weight:
        add(options.attention_weight, by_unit(_attention(model, left, passages, tokens, query=query, options=options)), True)
    if options.loss_weight:
        add(options.loss_weight, _differences(model, small(), left, passages, tokens, options=options), True)
    if options.position_weight:
        add(options.position_weight, by_unit(positions(tokens, options)), False)
    return total


def positions(tokens: Sequence[Tokens], options: FineOptions) -> list[Float32Array]:
    """P_i = 1 + lambda * exp(-(i - N/2)^2 / (2 sigma^2)), i counted over all passages, sigma as a share of N."""
    total = sum(len(each.ids) for each in tokens)
    place = np.arange(total)
    sigma = options.position_sigma * max(total, 1)
    bonus = 1 + options.position_lambda * np.exp(-((place - total / 2) ** 2) / (2 * sigma**2))
    edges = np.cumsum([len(each.ids) for each in tokens])
    return [part.astype(np.float32) for part in np.split(bonus, edges)[: len(tokens)]]


def pooled(
    passage: Passage, left: _Left, tokens: Tokens, values: Float32Array
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums and counts of the tokens' values for each unit of the original passage."""
    inner = trimmed(left.text, tokens)
    filled = inner.starts < inner.ends
    placed = Tokens(inner.ids[filled], left.places[inner.starts[filled]], left.places[inner.ends[filled] - 1] + 1)
    return pool(passage.text, placed, values[filled], passage.units)


def _means(sums: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(sums / np.maximum(counts, 1))


def _left(passage: Passage, kept: set[int]) -> _Left:
    rendered = render(passage, kept)
    places = [np.arange(start, end) for start, end in rendered.spans]
    return _Left(rendered.text, np.concatenate(places) if places else np.empty(0, dtype=np.int64))


def _attention(
    model: CausalLM,
    left: Sequence[_Left],
    passages: Sequence[Passage],
    tokens: Sequence[Tokens],
    *,
    query: str | None,
    options: FineOptions,
) -> list[Float32Array]:
    """A: attention that each token gets in the last layer, from the query or from all tokens after it."""
    last = model.layers - 1
    if query and options.attention_from == "query":
        evaluator = CausalEvaluator(model, None)
        rows = len(evaluator.question(query))
        texts = [Passage(each.text, (), passage.title) for each, passage in zip(left, passages, strict=True)]
        profiles = [HeadProfile(last, heads, rows, kernel=1) for heads in _heads(model, options)]
        return [
            np.max(each, axis=0)
            for each in zip(*(token_scores(evaluator, p, texts, query)[1] for p in profiles), strict=True)
        ]
    parts = [(i, w) for i, each in enumerate(tokens) for w in overlapping_windows(len(each.ids), model.window - 1) if w.end]
    read = model.attention([tokens[i].ids[w.begin : w.end] for i, w in parts], [last], None)
    found = [np.zeros(len(each.ids), dtype=np.float32) for each in tokens]
    for (index, window), heads in zip(parts, read, strict=True):
        together = heads[0].mean(axis=0) if options.attention_heads == "mean" else heads[0].max(axis=0)
        # Above what even attention would give, as windows differ in length.
        found[index][window.first : window.end] = together[window.first - window.begin :] * len(together)
    return found


def _heads(model: CausalLM, options: FineOptions) -> list[tuple[int, ...]]:
    every = range(model.heads)
    return [tuple(every)] if options.attention_heads == "mean" else [(head,) for head in every]


def _differences(
    large: CausalLM,
    small: CausalLM | None,
    left: Sequence[_Left],
    passages: Sequence[Passage],
    tokens: Sequence[Tokens],
    *,
    options: FineOptions,
) -> Units:
    """D: by token where both models have the same tokens, else by unit, the only thing that both can be asked about."""
    ids = [each.ids for each in tokens]
    if small is None:
        both = large.losses(ids, exits=(max(1, large.layers // 3), None))
        losses = [(read[0], read[1]) for read in both]
    else:
        theirs = small.tokenize([each.text for each in left])
        ours, other = large.losses(ids), small.losses([each.ids for each in theirs])
        if any(not np.array_equal(a.ids, b.ids) for a, b in zip(tokens, theirs, strict=True)):
            found = []
            for p, e, t, a, s, b in zip(passages, left, tokens, ours, theirs, other, strict=True):
                sums, counts = pooled(p, e, t, a[0])
                found.append(_signed(pooled(p, e, s, b[0])[0] - sums, options) / np.maximum(counts, 1))
            return found
        losses = [(b[0], a[0]) for a, b in zip(ours, other, strict=True)]
    return [
        _means(*pooled(p, e, t, _signed(little - much, options).astype(np.float32)))
        for p, e, t, (little, much) in zip(passages, left, tokens, losses, strict=True)
    ]


def _signed(difference: NDArray[np.float64] | Float32Array, options: FineOptions) -> NDArray[np.float64]:
    if options.loss_sign == "absolute":
        return np.asarray(np.abs(difference), dtype=np.float64)
    sign = 1 if options.loss_sign == "small_minus_large" else -1
    return np.asarray(np.maximum(0, sign * difference), dtype=np.float64)
