"""An in-process cache bounded by memory, whatever it holds."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class LruCache(Generic[ValueT]):
    """Keeps the most recently used values up to `max_bytes` by `size(key, value)`; safe to share between threads."""

    def __init__(self, max_bytes: int, size: Callable[[bytes, ValueT], int]) -> None:
        self._max_bytes = max_bytes
        self._size = size
        self._bytes = 0
        self._entries: OrderedDict[bytes, ValueT] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> ValueT | None:
        """The value stored under `key`, if it still is."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: bytes, value: ValueT) -> None:
        """Store a value; older entries may go. A value larger than the whole cache is not stored."""
        size = self._size(key, value)
        if size > self._max_bytes:
            return
        with self._lock:
            previous = self._entries.pop(key, None)
            self._bytes += size - (0 if previous is None else self._size(key, previous))
            self._entries[key] = value
            while self._bytes > self._max_bytes:
                oldest, gone = self._entries.popitem(last=False)
                self._bytes -= self._size(oldest, gone)
