"""Whether Redis is worth asking, and what became of those who asked."""

import threading
from collections import Counter
from collections.abc import Callable

from redis.exceptions import ClusterError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from promptpress_service.cache.backend import StoreState
from promptpress_service.cache.breaker import CircuitBreaker
from promptpress_service.redis.outages import OutageLog

_USER = "cache"


class RedisHealth:
    """Breakers and counters of one Redis; safe to share between threads.

    Writes have a breaker of their own: a Redis that is full or read-only answers, and its entries are still worth reading.
    """

    def __init__(
        self,
        failures: int = 5,
        cool_down: float = 1.0,
        on_failure: Callable[[], None] = lambda: None,
        outages: OutageLog | None = None,
    ) -> None:
        """`on_failure` is called, in whatever thread, for each time that Redis did not answer or was not asked. `outages`
        hears when the breaker opens and when it closes."""
        self._on_failure = on_failure
        self._outages = outages or OutageLog()
        self._link = CircuitBreaker(failures, cool_down)
        self._writes = CircuitBreaker(failures, cool_down)
        self._counters: Counter[str] = Counter(hits=0, misses=0, errors=0, timeouts=0, refused=0, skipped=0, too_large=0)
        self._last_error: str | None = None
        self._lock = threading.Lock()

    def admits(self, write: bool) -> bool:
        """Whether to ask. Who is admitted must report back."""
        if write and not self._writes.admits():
            return self._skip()
        if not self._link.admits():
            if write:
                self._writes.abandoned()
            return self._skip()
        return True

    def succeeded(self, write: bool) -> None:
        """Redis did what it was asked."""
        self._link.succeeded()
        self._outages.found(_USER)
        if write:
            self._writes.succeeded()

    def failed(self, error: Exception, write: bool) -> None:
        """It did not. Of the error, only the kind is kept: its text may hold addresses."""
        refused = isinstance(error, ResponseError) and not isinstance(error, ClusterError)
        with self._lock:
            self._last_error = type(error).__name__
        timed_out = isinstance(error, (TimeoutError, RedisTimeoutError))
        self.count("timeouts" if timed_out else "refused" if refused else "errors")
        self._on_failure()
        if write and refused:
            self._link.succeeded()
            self._outages.found(_USER)
            self._writes.failed()
            return
        self._link.failed()
        if self._link.state != "closed":
            self._outages.lost(_USER, type(error).__name__)
        if write:
            self._writes.abandoned()

    def abandoned(self, write: bool) -> None:
        """Whoever asked went away before the answer."""
        self._link.abandoned()
        if write:
            self._writes.abandoned()

    def _skip(self) -> bool:
        self.count("skipped")
        self._on_failure()
        return False

    def count(self, name: str) -> None:
        """Add one to a counter."""
        with self._lock:
            self._counters[name] += 1

    def state(self) -> StoreState:
        """See ByteStore.state. Healthy means that entries are read and written."""
        reads, writes = self._link.state, self._writes.state
        with self._lock:
            return StoreState(
                "redis", reads == writes == "closed", reads, writes, self._last_error, counters=dict(self._counters)
            )
