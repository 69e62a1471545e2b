"""From groups of text to arrays: token ids, units, labels, and what the coarse stage already knows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.cross_encoder.windows import QUERY_TOKENS, Window, windows
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.encoder.late_chunking import VectorCache, passage_vectors, text_vectors
from promptpress.backends.windows import CROSS_ENCODER_TITLE_TOKENS, token_owners
from promptpress.content import Passage, segment
from promptpress.methods.bm25 import unit_scores
from training.evidence.groups import Group, Target

CLS, SEP = 101, 102
PRIORS = 3
"""Similarity of the unit, similarity of its document, BM25 as a share of the best in the group."""


@dataclass(frozen=True)
class Row:
    """A query with one window of a document.

    `ids` (tokens,) with special tokens; `text_start` is where the second segment begins; `owners` (tokens,) is the unit of
    each token among the row's units, -1 elsewhere; `priors` (units, PRIORS); `needs` (units, needs) marks evidence;
    `answer` (tokens,) marks the answer's own tokens, or is None where they are not known.
    """

    ids: NDArray[np.int32]
    text_start: int
    owners: NDArray[np.int64]
    priors: NDArray[np.float32]
    needs: NDArray[np.bool_]
    answer: NDArray[np.bool_] | None


@dataclass(frozen=True)
class Example:
    """The rows of one group, those with evidence first."""

    source: str
    rows: list[Row]


def make_example(group: Group, encoder: Encoder, cache: VectorCache) -> Example | None:
    """None if a piece of evidence is in no unit."""
    passages = [segment(text, title) for title, text in group.documents]
    query = text_vectors(encoder, [group.query])[0]
    vectors = passage_vectors(encoder, passages, cache)
    lexical = unit_scores(passages, group.query, titles=True)
    best = max((float(scores.max()) for scores in lexical if len(scores)), default=0.0) or 1.0
    tokens = encoder.tokenize([group.query, *(p.title for p in passages), *(p.text for p in passages)])
    query_ids = tokens[0].ids[:QUERY_TOKENS]
    titles, texts = tokens[1 : 1 + len(passages)], tokens[1 + len(passages) :]
    rows: list[Row] = []
    for index, passage in enumerate(passages):
        similar = vectors[index].units.astype(np.float32) @ query
        document = float(vectors[index].passage.astype(np.float32) @ query)
        priors = np.stack([similar, np.full_like(similar, document), lexical[index] / best], axis=1)
        needs = np.stack([_marked(passage, need, index) for need in group.evidence], axis=1)
        answers = [(a, b) for d, a, b in group.answers if d == index]
        known = bool(answers) or not needs.any()
        at = np.zeros(len(texts[index].ids), dtype=bool)
        for a, b in answers:
            at |= (texts[index].starts >= a) & (texts[index].starts < b)
        cut = windows(passage, texts[index])
        if not cut:
            continue
        # The windows' tokens, one after another, are the passage's tokens that belong to units.
        chosen = _window_of_interest(cut, needs, priors)
        before = sum(len(w.ids) for w in cut[:chosen])
        inside = np.flatnonzero(token_owners(passage, texts[index]) >= 0)[before : before + len(cut[chosen].ids)]
        title = titles[index].ids[:CROSS_ENCODER_TITLE_TOKENS]
        rows.append(_row(query_ids, title, cut[chosen], priors=priors, needs=needs, answer=at[inside] if known else None))
    rows.sort(key=lambda row: not row.needs.any())
    found = np.any([row.needs.any(axis=0) for row in rows], axis=0) if rows else np.zeros(1, dtype=bool)
    return Example(group.source, rows) if found.all() else None


def _marked(passage: Passage, targets: Sequence[Target], document: int) -> NDArray[np.bool_]:
    spans = [(a, b) for d, a, b in targets if d == document]
    return np.asarray([any(u.start < b and a < u.end for a, b in spans) for u in passage.units], dtype=bool)


def _window_of_interest(cut: Sequence[Window], needs: NDArray[np.bool_], priors: NDArray[np.float32]) -> int:
    def interest(window: Window) -> tuple[bool, float]:
        units = np.unique(window.owners)
        return bool(needs[units].any()), float(priors[units].sum(axis=1).max())

    return max(range(len(cut)), key=lambda i: interest(cut[i]))


def _row(
    query: NDArray[np.int32],
    title: NDArray[np.int32],
    window: Window,
    *,
    priors: NDArray[np.float32],
    needs: NDArray[np.bool_],
    answer: NDArray[np.bool_] | None,
) -> Row:
    units, owners = np.unique(window.owners, return_inverse=True)
    front = len(query) + 2
    head, tail = np.full(front + len(title), -1), np.full(1, -1)
    full = None
    if answer is not None:
        full = np.concatenate([head >= 0, answer, tail >= 0])
    return Row(
        np.concatenate([[CLS], query, [SEP], title, window.ids, [SEP]]).astype(np.int32),
        front,
        np.concatenate([head, owners, tail]),
        priors[units],
        needs[units],
        full,
    )
