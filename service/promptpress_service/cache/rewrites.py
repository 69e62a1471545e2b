"""Rewrites as one layer of what replicas share. Called from the threads that compress."""

from collections.abc import Callable

from promptpress.backends.rewriter.cache import RewriteCache, unpack
from promptpress_service.cache.layers import Layer


def _checked(data: bytes) -> bytes | None:
    try:
        unpack(data)
    except (ValueError, TypeError):
        # orjson's errors are ValueErrors; the other comes of JSON of another shape.
        return None
    return data


REWRITES: Layer[bytes] = Layer("rewrites", lambda data: data, _checked, compress=True)


class ObservedRewriteCache:
    """A RewriteCache that tells `observe` of every look-up: `hit` or `miss`."""

    def __init__(self, inner: RewriteCache, observe: Callable[[str], None]) -> None:
        self._inner = inner
        self._observe = observe

    def get(self, key: bytes) -> bytes | None:
        """See RewriteCache.get."""
        value = self._inner.get(key)
        self._observe("miss" if value is None else "hit")
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """See RewriteCache.put."""
        self._inner.put(key, value)
