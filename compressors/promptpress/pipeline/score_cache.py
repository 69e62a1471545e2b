"""Scores of earlier requests: they do not depend on the budget, so another budget needs no model."""

from collections.abc import Sequence

from pydantic import BaseModel

from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.runtime.cache_keys import cache_key
from promptpress.runtime.lru import LruCache
from promptpress.scores import ScoreCache, Scored

# Bytes of an entry beside its arrays: the key, the objects, the details.
_OVERHEAD = 2000


class LruScoreCache(LruCache[Scored]):
    """A ScoreCache of the most recently used scores."""

    def __init__(self, max_bytes: int = 16 * 1024 * 1024) -> None:
        super().__init__(max_bytes, lambda _, scored: _size(scored))


def cached_score(
    method: Method[BaseModel],
    passages: Sequence[Passage],
    query: str | None,
    options: BaseModel,
    cache: ScoreCache | None,
) -> Scored:
    """The scores, from the cache if they are there; bit for bit the same either way. Their arrays are read-only."""
    if cache is None:
        return method.score(passages, query, options)
    key = _key(method, passages, query, options)
    scored = cache.get(key)
    if scored is None:
        scored = method.score(passages, query, options)
        for array in scored.arrays:
            array.flags.writeable = False
        cache.put(key, scored)
    return scored


def _key(method: Method[BaseModel], passages: Sequence[Passage], query: str | None, options: BaseModel) -> bytes:
    """A digest of all that scores depend on."""
    parts = [method.name, *method.model_names(options), options.model_dump_json(), repr(query is None), query or ""]
    for passage in passages:
        parts += passage.identity
    return cache_key("scores", parts)


def _size(scored: Scored) -> int:
    return _OVERHEAD + sum(array.nbytes for array in scored.arrays) + 100 * len(scored.units)
