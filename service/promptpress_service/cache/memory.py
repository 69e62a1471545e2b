"""The store of a single process."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from promptpress_service.cache.backend import StoreState

# What an entry takes beside its key and its value, measured on CPython 3.11.
_OVERHEAD = 300


@dataclass
class _Entry:
    value: bytes
    expires: float


class MemoryStore:
    """Keeps the most recently used entries up to `max_bytes`. For one event loop. See ByteStore for the methods."""

    shared = False

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._bytes = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._counters: Counter[str] = Counter(hits=0, misses=0, evictions=0, too_large=0)

    async def get(self, key: str) -> bytes | None:
        """See ByteStore.get."""
        entry = self._alive(key)
        self._counters["hits" if entry else "misses"] += 1
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> bool:
        """See ByteStore.set. A value larger than the whole store is not stored."""
        size = _size(key, value)
        if size > self._max_bytes:
            self._counters["too_large"] += 1
            return False
        self._drop(key)
        self._entries[key] = _Entry(value, self._clock() + ttl_seconds)
        self._bytes += size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
            self._counters["evictions"] += 1
        return True

    async def touch(self, key: str, ttl_seconds: float) -> bool:
        """See ByteStore.touch."""
        entry = self._alive(key)
        if entry is None:
            return False
        entry.expires = self._clock() + ttl_seconds
        return True

    async def set_if_absent(self, key: str, value: bytes, ttl_seconds: float) -> bool | None:
        """See ByteStore.set_if_absent."""
        if self._alive(key):
            return False
        return await self.set(key, value, ttl_seconds) or None

    async def delete_if_equals(self, key: str, value: bytes) -> bool:
        """See ByteStore.delete_if_equals."""
        entry = self._alive(key)
        if entry is None or entry.value != value:
            return False
        self._drop(key)
        return True

    async def check(self) -> bool:
        """See ByteStore.check."""
        return True

    def state(self) -> StoreState:
        """See ByteStore.state."""
        sizes = {"entries": len(self._entries), "bytes": self._bytes}
        return StoreState("memory", healthy=True, counters=dict(self._counters), sizes=sizes)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _alive(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.expires <= self._clock():
            self._drop(key)
            return None
        return entry

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(key, entry.value)


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD
