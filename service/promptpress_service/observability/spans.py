"""What a tracer offers to the observer, and the one that traces nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from promptpress_service.observability.records import RequestRecord


class TracingError(ValueError):
    """An `OTEL_*` variable asks for something that is not supported; the message names the variable."""


@dataclass(frozen=True)
class RequestEnd:
    """How a request ended. `status` is the HTTP status or the one its gRPC status corresponds to."""

    record: RequestRecord
    route: str
    verb: str
    status: int
    outcome: str


class RequestSpan(Protocol):
    """The span of a request that is being served."""

    @property
    def trace_id(self) -> str | None:
        """32 hex digits; None where the request is not traced."""

    def finish(self, end: RequestEnd) -> None:
        """End the span and record the stages as its children."""


class Tracing(Protocol):
    """Where spans go."""

    def start(self, carrier: Mapping[str, str]) -> RequestSpan:
        """Start the span of a request. `carrier` holds its `traceparent`, if it came with one."""

    def close(self) -> None:
        """Send what is left."""


class _NoSpan:
    trace_id = None

    def finish(self, end: RequestEnd) -> None:
        """Nothing to end."""


class NoTracing:
    """Traces nothing."""

    def start(self, carrier: Mapping[str, str]) -> RequestSpan:
        """A span that goes nowhere."""
        return _NoSpan()

    def close(self) -> None:
        """Nothing to send."""
