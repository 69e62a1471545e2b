"""EHPC's scores of tokens (its algorithm B), over texts of any length."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.attention_heads.packing import packed_windows
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.backends.windows import EVALUATOR_TITLE_TOKENS
from promptpress.content import Passage
from promptpress.text.tokens import Tokens

Compare = Literal["raw", "lift", "share"]


def token_scores(
    evaluator: Evaluator,
    profile: HeadProfile,
    passages: Sequence[Passage],
    query: str | None,
    compare: Compare = "raw",
) -> tuple[list[Tokens], list[Float32Array]]:
    """Tokens of each passage and their scores (tokens,), higher = keep.

    s1[j] is the attention from the last `window` tokens to token j, summed over the evaluator heads. s2[j] is the mean of s1
    over `kernel` tokens around j, times the tokens of a full window. Texts longer than a window are read in several, each
    with the question. `compare` makes tokens of different windows comparable: `raw` leaves them as they are; `lift` divides
    by an even spread of attention over the window; `share` divides by the mean of the window, as if every window contained
    as much evidence.

    Without a query the last tokens of the last passage are the question, as in a prompt that ends with its question; they
    get the highest score. Attention sinks at the start of a window get the score of the first token after them.
    """
    tokens = evaluator.tokenize([passage.text for passage in passages])
    titles = [p.title and f"{p.title}\n" for p in passages]
    title_ids = [each.ids[:EVALUATOR_TITLE_TOKENS] for each in evaluator.tokenize(titles)]
    scores = [np.zeros(len(each.ids), dtype=np.float32) for each in tokens]
    asking = 0
    if query:
        question = evaluator.question(query)
    else:
        asking = min(profile.window, max(0, len(tokens[-1].ids) - 1)) if tokens else 0
        question = tokens[-1].ids[len(tokens[-1].ids) - asking :] if tokens else np.empty(0, dtype=np.int64)
    lengths = [len(each.ids) for each in tokens]
    if lengths:
        lengths[-1] -= asking
    budget = evaluator.context_budget(question)
    windows = packed_windows(tokens, title_ids, lengths, budget, evaluator)
    if not len(question) or not windows:
        return tokens, scores
    contexts = [np.concatenate(window.ids) for window in windows]
    for window, raw in zip(windows, evaluator.attention_to_context(contexts, question, profile), strict=True):
        if len(raw) > 2 * evaluator.sink_tokens:
            raw[: evaluator.sink_tokens] = raw[evaluator.sink_tokens]
        even = {"raw": 1 / budget, "lift": 1 / len(raw), "share": float(raw.mean()) or 1.0}[compare]
        pooled = pool_average(raw, profile.kernel) / np.float32(even)
        for part in window.parts:
            scores[part.passage][part.begin : part.end] = pooled[part.at : part.at + part.end - part.begin]
    if asking:
        scores[-1][len(scores[-1]) - asking :] = max(float(each.max(initial=0)) for each in scores)
    return tokens, scores


def pool_average(values: Float32Array, kernel: int) -> Float32Array:
    """The mean of the `kernel` values around each one, of fewer at the edges; an even kernel reaches further back."""
    before, after = kernel // 2, kernel - kernel // 2
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    place = np.arange(len(values))
    low, high = np.maximum(place - before, 0), np.minimum(place + after, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low), dtype=np.float32)
