"""EHPC's scores of tokens (its algorithm B), over texts of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptpress.arrays import Float32Array
from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.content import Passage
from promptpress.text.tokens import TokenIds, Tokens

TITLE_TOKENS = 32
Compare = Literal["raw", "lift", "share"]


@dataclass(frozen=True)
class _Part:
    """Tokens `[begin, end)` of a passage, `at` a place of a window."""

    passage: int
    begin: int
    end: int
    at: int


@dataclass
class _Window:
    ids: list[TokenIds]
    parts: list[_Part]
    length: int = 0

    def add(self, ids: TokenIds) -> None:
        self.ids.append(ids)
        self.length += len(ids)


def token_scores(
    evaluator: Evaluator,
    profile: HeadProfile,
    passages: Sequence[Passage],
    query: str | None,
    compare: Compare = "raw",
) -> tuple[list[Tokens], list[Float32Array]]:
    """Tokens of each passage and their scores (tokens,), higher = keep.

    s1[j]: attention from the last `window` tokens to token j, summed over the evaluator heads; s2: its mean over `kernel`
    tokens around j, times the tokens of a full window. Texts beyond one window are read in several, with the question in
    each. `compare` says how tokens of different windows do: `raw` as they are; `lift` by how much more they get than were
    attention spread evenly in their window; `share` by their share of what the window's text gets, as if every window
    held as much evidence.

    Without a query the last tokens of the last passage ask, as in a prompt that ends with its question; they get the
    highest score of all. Tokens at the beginning of a window are sinks: they have the score of the first one after them.
    """
    tokens = evaluator.tokenize([passage.text for passage in passages])
    heads = [each.ids[:TITLE_TOKENS] for each in evaluator.tokenize([f"{p.title}\n" if p.title else "" for p in passages])]
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
    room = evaluator.context_budget(question)
    windows = _pack(tokens, heads, lengths, room, evaluator)
    if not len(question) or not windows:
        return tokens, scores
    contexts = [np.concatenate(window.ids) for window in windows]
    for window, raw in zip(windows, evaluator.attention_to_context(contexts, question, profile), strict=True):
        if len(raw) > 2 * evaluator.sink_tokens:
            raw[: evaluator.sink_tokens] = raw[evaluator.sink_tokens]
        even = {"raw": 1 / room, "lift": 1 / len(raw), "share": float(raw.mean()) or 1.0}[compare]
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


def _pack(
    tokens: Sequence[Tokens], titles: Sequence[TokenIds], lengths: Sequence[int], room: int, evaluator: Evaluator
) -> list[_Window]:
    """Each passage behind its title, several in a window if the evaluator packs, long ones in several windows."""
    gap = evaluator.tokenize(["\n\n"])[0].ids
    windows: list[_Window] = []
    for index, (each, title, length) in enumerate(zip(tokens, titles, lengths, strict=True)):
        begin = 0
        title = title[: room // 4]
        while begin < length:
            fits = (
                evaluator.packs_passages and windows and windows[-1].length + len(gap) + len(title) + length - begin <= room
            )
            if fits:
                windows[-1].add(gap)
            else:
                windows.append(_Window([], []))
            window = windows[-1]
            window.add(title)
            end = min(length, begin + room - window.length)
            window.parts.append(_Part(index, begin, end, window.length))
            window.add(each.ids[begin:end])
            begin = end
    return windows
