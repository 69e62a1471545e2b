"""Telling whoever waits how far a long computation has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of a stage; a request may run through a stage several times. `details` say what was done."""

    stage: str
    done: int
    total: int
    details: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Progress], None]
_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Everything that runs inside, in this thread, reports to `listener`, which must be quick and must not raise."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(stage: str, done: int, total: int, **details: Any) -> None:
    """Report a step; cheap where nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(Progress(stage, done, total, details))
