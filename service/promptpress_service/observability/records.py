"""What is known about a request by the time it ends: logs, metrics and spans are written from it.

The engine adds one `CompressionRecord` for each compression it answered. The code that answers an error calls
`note_error`, and the code that knows who is asking calls `note_tenant`.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult
from promptpress_service.observability import labels


@dataclass(frozen=True)
class CompressionRecord:
    """One compression in numbers. Times are milliseconds, `finished_ns` is the wall clock in nanoseconds.

    `stopped` says why a method that chooses its own ratio stopped.
    """

    method: str
    status: str
    reason: str | None
    tokens_before: int
    tokens_after: int
    target_ratio: float | None = None
    cache: str = "off"
    queue_ms: float = 0.0
    timing: dict[str, float] = field(default_factory=dict)
    model: str | None = None
    stopped: str | None = None
    finished_ns: int = field(default_factory=time.time_ns)

    @classmethod
    def of(cls, result: CompressionResult, request: CompressionRequest, queue_ms: float = 0.0, cache: str = "off") -> Self:
        """The record of a result. A target in tokens becomes the ratio that it is for this input."""
        before = result.usage.tokens_before
        target = request.target_ratio
        if request.target_tokens is not None and before:
            target = min(1.0, request.target_tokens / before)
        return cls(
            method=result.method,
            status=result.status,
            reason=result.reason,
            tokens_before=before,
            tokens_after=result.usage.tokens_after,
            target_ratio=target,
            cache=cache,
            queue_ms=queue_ms,
            timing={stage: getattr(result.timing_ms, stage) for stage in labels.STAGES},
            model=request.model,
            stopped=result.method_details.get("stopped"),
        )

    @property
    def computed(self) -> bool:
        """False for a result from the cache, whose stage times are those of the request that computed it."""
        return self.cache != "hit"


@dataclass
class RequestRecord:
    """One request over HTTP or gRPC."""

    request_id: str
    transport: str
    tenant: str | None = None
    compressions: list[CompressionRecord] = field(default_factory=list)
    error_codes: list[str] = field(default_factory=list)

    @property
    def method(self) -> str:
        """The method of all compressions, `several`, or `none`."""
        methods = {compression.method for compression in self.compressions}
        if len(methods) > 1:
            return labels.SEVERAL_METHODS
        return labels.bounded(methods.pop(), labels.METHODS) if methods else labels.NO_METHOD

    def outcome(self, status: int, cancelled: bool = False) -> labels.Outcome:
        """How the request ended, from its HTTP status or the one its gRPC status corresponds to."""
        if cancelled:
            return "cancelled"
        if status >= HTTPStatus.BAD_REQUEST:
            return _outcome_of_error(status)
        if not self.compressions:
            return "ok"
        return "compressed" if any(c.status == "compressed" for c in self.compressions) else "unchanged"


def _outcome_of_error(status: int) -> labels.Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "overloaded"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "unavailable"
    return "error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "client_error"


_current: ContextVar[RequestRecord] = ContextVar("promptpress_request")


def current_record() -> RequestRecord:
    """The record of the request being served. Raises LookupError outside of one."""
    return _current.get()


def note_error(code: str) -> None:
    """Add an error's code to the record of the request this runs for, if there is one."""
    record = _current.get(None)
    if record is not None:
        record.error_codes.append(code)


def note_compression(compression: CompressionRecord) -> None:
    """Add a compression to the record of the request this runs for, if there is one."""
    record = _current.get(None)
    if record is not None:
        record.compressions.append(compression)


def note_tenant(tenant: str) -> None:
    """Write down who is asking in the record of the request this runs for, if there is one."""
    record = _current.get(None)
    if record is not None:
        record.tenant = tenant


def set_current_record(record: RequestRecord) -> None:
    """Make this the record of the request that the running task serves."""
    _current.set(record)
