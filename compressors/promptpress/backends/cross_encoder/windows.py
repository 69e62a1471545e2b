"""What the cross-encoder reads: a shortened query, and runs of a passage's units that fit beside it."""

from dataclasses import dataclass

import numpy as np

from promptpress.arrays import Int32Array, Int64Array
from promptpress.backends.tokenized import Tokenized
from promptpress.backends.windows import unit_runs, unit_tokens
from promptpress.content import Passage

QUERY_TOKENS = 64
_QUERY_HEAD = 20
TEXT_TOKENS = 160


@dataclass(frozen=True)
class Window:
    """A run of a passage's tokens, shapes (tokens,). `owners` is the unit of each token."""

    ids: Int32Array
    owners: Int64Array


def query_tokens(ids: Int32Array) -> Int32Array:
    """The tokens of a query that are read (at most `QUERY_TOKENS`).

    A longer query is read at its beginning and its end, more at the end, since the question is often the last sentence.
    """
    if len(ids) <= QUERY_TOKENS:
        return ids
    return np.concatenate([ids[:_QUERY_HEAD], ids[_QUERY_HEAD - QUERY_TOKENS :]])


def windows(passage: Passage, tokens: Tokenized, size: int = TEXT_TOKENS) -> list[Window]:
    """Whole units together while they fit in `size` tokens; a longer unit is cut into several windows."""
    inside = unit_tokens(passage, tokens)
    runs = unit_runs(inside.edges, size, join_remainder=True)
    return [Window(inside.ids[run.start : run.end], inside.owners[run.start : run.end]) for run in runs]
