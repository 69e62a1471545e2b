"""OpenTelemetry traces, configured by `OTEL_*` alone; without them, or without the `otel` extra, nothing is traced."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from promptpress_service.observability.records import RequestRecord

_ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
_log = structlog.get_logger("promptpress_service.observability.tracing")


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


def open_tracing(version: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """Tracing as `OTEL_*` asks for it; says so in the log when it asks and the packages are missing.

    Raises SettingsError for an exporter or a protocol that is not supported.
    """
    asked = [name for name in _ASKED_BY if environment.get(name)]
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none"
    if not asked or off:
        return NoTracing()
    try:
        from promptpress_service.observability.opentelemetry_tracing import OpenTelemetryTracing
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        _log.warning(
            "tracing is asked for but its packages are missing; pip install 'promptpress[otel]', or unset the variable",
            setting=asked[0],
        )
        return NoTracing()
    return OpenTelemetryTracing.from_environment(version, environment)
