"""A circuit breaker: after several failures in a row it stops the attempts, and lets one through now and then."""

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `failures` failures in a row; after `cool_down` seconds a single probe decides whether it closes.

    Safe to share between threads. Who is admitted must report `succeeded`, `failed`, or, if it learned nothing, `abandoned`.
    """

    def __init__(self, failures: int = 5, cool_down: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._threshold = failures
        self._cool_down = cool_down
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._probing = False
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half_open` when the next attempt, or one under way, is the probe."""
        with self._lock:
            if self._opened is None:
                return "closed"
            return "half_open" if self._probing or self._cooled() else "open"

    def admits(self) -> bool:
        """Whether to make an attempt now."""
        with self._lock:
            if self._opened is None:
                return True
            if self._probing or not self._cooled():
                return False
            self._probing = True
            return True

    def succeeded(self) -> None:
        """An attempt did what it should."""
        with self._lock:
            self._failures = 0
            self._opened = None
            self._probing = False

    def failed(self) -> None:
        """An attempt failed."""
        with self._lock:
            self._failures += 1
            # Attempts that began before it opened fail late; only the probe starts another cool-down.
            if self._failures >= self._threshold and (self._opened is None or self._probing):
                self._opened = self._clock()
                self._probing = False

    def abandoned(self) -> None:
        """An attempt was given up before its outcome was known."""
        with self._lock:
            self._probing = False

    def _cooled(self) -> bool:
        return self._opened is not None and self._clock() - self._opened >= self._cool_down
