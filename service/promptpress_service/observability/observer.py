"""Watches requests of any transport: each one becomes metrics, one line in the log, and a span."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from promptpress_service.observability import labels
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.records import CompressionRecord, RequestRecord, set_current_record
from promptpress_service.observability.spans import NoTracing, RequestEnd, RequestSpan, Tracing

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
CLIENT_LEFT = 499
"""The status that stands in logs for a client that did not wait; none was sent."""
_log = structlog.get_logger("promptpress_service.access")


def request_id_from(given: str | None) -> str:
    """The caller's own id if it is one (1 to 128 of letters, digits, `.`, `_`, `-`), else a new one."""
    return given if given is not None and _SANE_ID.fullmatch(given) else os.urandom(16).hex()


@dataclass
class Observation:
    """One request being watched. A transport sets `route`, `status` and `cancelled` before it ends."""

    record: RequestRecord
    verb: str
    span: RequestSpan
    route: str | None = None
    status: int = 500
    cancelled: bool = False
    started: float = field(default_factory=time.perf_counter)

    def milliseconds(self) -> float:
        """Since the request arrived."""
        return 1000 * (time.perf_counter() - self.started)


class Observer:
    """Writes down how requests ended."""

    def __init__(self, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self.metrics = metrics
        self.tracing = tracing or NoTracing()

    @contextmanager
    def observe(self, transport: str, verb: str, headers: Mapping[str, str]) -> Iterator[Observation]:
        """Watch one request. `headers` (or gRPC metadata) are read for `x-request-id` and `traceparent` only."""
        record = RequestRecord(request_id_from(headers.get("x-request-id")), transport)
        span = self.tracing.start(headers)
        observation = Observation(record, labels.bounded(verb, labels.VERBS), span)
        set_current_record(record)
        bound = {"request_id": record.request_id} | ({"trace_id": span.trace_id} if span.trace_id else {})
        self.metrics.request_started()
        with structlog.contextvars.bound_contextvars(**bound):
            try:
                yield observation
            finally:
                self._finish(observation)

    def _finish(self, observation: Observation) -> None:
        record = observation.record
        milliseconds = observation.milliseconds()
        route = self.metrics.route(observation.route)
        outcome = record.outcome(observation.status, observation.cancelled)
        for compression in record.compressions:
            self.metrics.observe_compression(compression)
        for code in record.error_codes:
            self.metrics.observe_error(code)
        self.metrics.observe_request(route, record.method, outcome, milliseconds / 1000)
        observation.span.finish(RequestEnd(record, route, observation.verb, observation.status, outcome))
        write = _log.debug if route in labels.PROBES and outcome == "ok" else _log.info
        write(
            "request",
            transport=record.transport,
            verb=observation.verb,
            route=route,
            status=observation.status,
            outcome=outcome,
            duration_ms=round(milliseconds, 3),
            **({"tenant": record.tenant} if record.tenant else {}),
            **({"error_code": labels.bounded(record.error_codes[0], labels.ERROR_CODES)} if record.error_codes else {}),
            **_numbers(record.method, record.compressions),
        )


def _numbers(method: str, compressions: list[CompressionRecord]) -> dict[str, Any]:
    if not compressions:
        return {}
    fields: dict[str, Any] = {
        "method": method,
        "tokens_before": sum(each.tokens_before for each in compressions),
        "tokens_after": sum(each.tokens_after for each in compressions),
    }
    if len(compressions) > 1:
        return {**fields, "compressions": len(compressions)}
    (only,) = compressions
    fields |= {"cache": only.cache, "queue_ms": round(only.queue_ms, 3)}
    return {**fields, "reason": only.reason} if only.reason else fields
