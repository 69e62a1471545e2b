"""An in-process cache of passage vectors, bounded by memory."""

import threading
from collections import OrderedDict

from compressors.encoder.late_pooling import PassageVectors


class LruVectorCache:
    """Keeps the most recently used passages up to `max_bytes`; safe to share between threads."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, PassageVectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> PassageVectors | None:
        """See VectorCache.get."""
        with self._lock:
            vectors = self._entries.get(key)
            if vectors is not None:
                self._entries.move_to_end(key)
            return vectors

    def put(self, key: bytes, vectors: PassageVectors) -> None:
        """See VectorCache.put. A passage larger than the whole cache is not stored."""
        if vectors.nbytes > self._max_bytes:
            return
        with self._lock:
            previous = self._entries.pop(key, None)
            self._bytes += vectors.nbytes - (previous.nbytes if previous else 0)
            self._entries[key] = vectors
            while self._bytes > self._max_bytes:
                _, oldest = self._entries.popitem(last=False)
                self._bytes -= oldest.nbytes
