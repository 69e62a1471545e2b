"""Cuts passages into runs of whole units that fit beside a question."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.encoder.base import Tokenized
from promptpress.backends.encoder.late_chunking import token_owners
from promptpress.content import Passage

QUERY_TOKENS = 64
_QUERY_HEAD = 20
TITLE_TOKENS = 24
TEXT_TOKENS = 160


@dataclass(frozen=True)
class Window:
    """A run of a passage's tokens, shapes (tokens,); `owners` is the unit each token belongs to."""

    ids: NDArray[np.int32]
    owners: NDArray[np.int64]


def query_tokens(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """What is read of a query: all of it up to `QUERY_TOKENS`, of a longer one the beginning and, since the question is
    often the last sentence, more of the end.
    """
    if len(ids) <= QUERY_TOKENS:
        return ids
    return np.concatenate([ids[:_QUERY_HEAD], ids[_QUERY_HEAD - QUERY_TOKENS :]])


def windows(passage: Passage, tokens: Tokenized, room: int = TEXT_TOKENS) -> list[Window]:
    """Whole units together while they fit in `room` tokens; a longer unit is cut into several windows."""
    owners = token_owners(passage, tokens)
    inside = owners >= 0
    ids, owners = tokens.ids[inside], owners[inside]
    edges = np.searchsorted(owners, np.arange(len(passage.units) + 1))
    found: list[Window] = []
    begin = 0
    for unit in range(len(passage.units)):
        start, end = int(edges[unit]), int(edges[unit + 1])
        if end - begin > room and begin < start:
            found.append(Window(ids[begin:start], owners[begin:start]))
            begin = start
        while end - begin > room:
            found.append(Window(ids[begin : begin + room], owners[begin : begin + room]))
            begin += room
    if begin < len(ids):
        found.append(Window(ids[begin:], owners[begin:]))
    return found
