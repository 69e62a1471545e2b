"""Stopping work that nobody waits for any more: long computations ask between their steps whether to go on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancelled(Exception):
    """The computation was asked to stop, or its time is up. `deadline` says which."""

    def __init__(self, deadline: bool) -> None:
        super().__init__("deadline exceeded" if deadline else "cancelled")
        self.deadline = deadline


class Cancellation:
    """A request to stop that any thread may make, and an optional deadline on the monotonic clock, in seconds."""

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline = deadline
        self._asked = threading.Event()

    def cancel(self) -> None:
        """Ask the computation to stop at its next check."""
        self._asked.set()

    def check(self) -> None:
        """Raise Cancelled if the computation should stop."""
        if self._asked.is_set():
            raise Cancelled(deadline=False)
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise Cancelled(deadline=True)


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


@contextmanager
def cancellable(cancellation: Cancellation) -> Iterator[None]:
    """Everything that runs inside, in this thread, can be stopped through `cancellation`."""
    token = _current.set(cancellation)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Cancellation | None:
    """The cancellation that this thread runs under, to hand on to helpers in other threads."""
    return _current.get()


def check() -> None:
    """Raise Cancelled if the computation of this thread should stop; cheap enough to call every millisecond."""
    cancellation = _current.get()
    if cancellation is not None:
        cancellation.check()
