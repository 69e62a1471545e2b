"""Scores of one process, each tenant's apart. Called from the threads that compress.

They stay out of Redis: with the embeddings from there, scores are quickly made again.
"""

from collections.abc import Callable

from promptpress.scores import ScoreCache, Scored


class TenantScoreCache:
    """A ScoreCache whose entries are kept apart by tenant. `observe` hears of every look-up: `hit` or `miss`."""

    def __init__(self, inner: ScoreCache, tenant: Callable[[], str], observe: Callable[[str], None]) -> None:
        self._inner = inner
        self._tenant = tenant
        self._observe = observe

    def get(self, key: bytes) -> Scored | None:
        """See ScoreCache.get."""
        scored = self._inner.get(self._tenant().encode() + b"\0" + key)
        self._observe("miss" if scored is None else "hit")
        return scored

    def put(self, key: bytes, scored: Scored) -> None:
        """See ScoreCache.put."""
        self._inner.put(self._tenant().encode() + b"\0" + key, scored)
