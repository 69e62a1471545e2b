"""OpenTelemetry traces, configured by `OTEL_*` alone; without them, or without the `otel` extra, nothing is traced."""

import os
from collections.abc import Mapping

import structlog

from promptpress_service.observability.spans import NoTracing, Tracing

_ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
_log = structlog.get_logger("promptpress_service.observability.tracing")


def open_tracing(version: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """Tracing as `OTEL_*` asks for it; says so in the log when it asks and the packages are missing.

    Raises TracingError for an exporter or a protocol that is not supported.
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
