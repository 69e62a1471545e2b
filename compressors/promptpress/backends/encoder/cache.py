"""An in-process cache of passage vectors, bounded by memory."""

from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress.runtime.lru import LruCache


class LruVectorCache(LruCache[PassageVectors]):
    """A VectorCache of the most recently used passages."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        super().__init__(max_bytes, lambda _, vectors: vectors.nbytes)
