"""Spans by the OpenTelemetry SDK. Importing this needs the `otel` extra.

A request is one server span; queue, score, cut and verify of its compressions are child spans laid end to end, from their
measured lengths, up to the moment the result was there. Attributes are those of `_attributes` and `_stage_attributes`.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Self

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from promptpress_service.observability import labels
from promptpress_service.observability.records import CompressionRecord
from promptpress_service.observability.spans import RequestEnd, TracingError

_MOST_TRACED_COMPRESSIONS = 16
_MODEL_NAME = re.compile(r"[A-Za-z0-9._:/@-]{1,128}")
_propagator = TraceContextTextMapPropagator()


class OpenTelemetryTracing:
    """Sends spans through the given processor; a provider of its own, the global one stays as it is."""

    def __init__(self, processor: SpanProcessor, version: str = "0") -> None:
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before these.
        own = Resource({SERVICE_NAME: "promptpress", SERVICE_VERSION: version})
        self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("promptpress", version)

    @classmethod
    def from_environment(cls, version: str, environment: Mapping[str, str]) -> Self:
        """With the exporter that `OTEL_TRACES_EXPORTER` names: `otlp` (the default) or `console`. Raises TracingError."""
        return cls(BatchSpanProcessor(_exporter(environment)), version)

    def start(self, carrier: Mapping[str, str]) -> "OpenTelemetrySpan":
        """A server span, child of the caller's if `carrier` holds a valid `traceparent`."""
        # Only this entry: a tracestate is free text that would be sent along with every span.
        parent = _propagator.extract({name: value for name, value in carrier.items() if name == "traceparent"})
        return OpenTelemetrySpan(self._tracer, self._tracer.start_span("request", parent, SpanKind.SERVER))

    def close(self) -> None:
        """Send what is left and stop."""
        self._provider.shutdown()


class OpenTelemetrySpan:
    """The span of one request."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def trace_id(self) -> str | None:
        """32 hex digits; None where the sampler left the request out."""
        return format_trace_id(self._span.get_span_context().trace_id) if self._span.is_recording() else None

    def finish(self, end: RequestEnd) -> None:
        """End the span; its stages become children."""
        if not self._span.is_recording():
            return
        self._span.update_name(f"{end.verb} {end.route}" if end.record.transport == "http" else end.route)
        self._span.set_attributes(_attributes(end))
        if end.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._span.set_status(StatusCode.ERROR)
        for compression in end.record.compressions[:_MOST_TRACED_COMPRESSIONS]:
            if compression.computed:
                self._trace_stages(compression)
        self._span.end()

    def _trace_stages(self, compression: CompressionRecord) -> None:
        stages = {"queue": compression.queue_ms, **{name: compression.timing.get(name, 0.0) for name in labels.STAGES}}
        lengths = {name: int(1_000_000 * value) for name, value in stages.items() if value > 0}
        start = compression.finished_ns - sum(lengths.values())
        context = set_span_in_context(self._span)
        for name, length in lengths.items():
            attributes = _stage_attributes(compression)
            child = self._tracer.start_span(name, context, attributes=attributes, start_time=start)
            start += length
            child.end(start)


def _attributes(end: RequestEnd) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {"promptpress.outcome": end.outcome}
    if end.record.transport == "http":
        attributes |= {
            "http.request.method": end.verb,
            "http.route": end.route,
            "http.response.status_code": end.status,
        }
    else:
        attributes |= {"rpc.system.name": "grpc", "rpc.method": end.route}
    if end.record.error_codes:
        attributes["error.type"] = labels.bounded(end.record.error_codes[0], labels.ERROR_CODES)
    compressions = end.record.compressions
    if compressions:
        attributes |= {
            "promptpress.method": end.record.method,
            "promptpress.compressions": len(compressions),
            "promptpress.tokens_before": sum(each.tokens_before for each in compressions),
            "promptpress.tokens_after": sum(each.tokens_after for each in compressions),
        }
    if len(compressions) == 1:
        (only,) = compressions
        attributes |= {
            "promptpress.status": only.status,
            "promptpress.cache": labels.bounded(only.cache, labels.CACHE_RESULTS),
        }
        if only.reason:
            attributes["promptpress.reason"] = labels.bounded(only.reason, labels.REASONS)
        if only.model and _MODEL_NAME.fullmatch(only.model):
            attributes["gen_ai.request.model"] = only.model
    return attributes


def _stage_attributes(compression: CompressionRecord) -> dict[str, AttributeValue]:
    return {"promptpress.method": labels.bounded(compression.method, labels.METHODS)}


def _exporter(environment: Mapping[str, str]) -> SpanExporter:
    name = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    if name == "console":
        return ConsoleSpanExporter()
    if name != "otlp":
        raise TracingError("OTEL_TRACES_EXPORTER: supported are otlp, console and none")
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in (None, "", "http/protobuf"):
        raise TracingError("OTEL_EXPORTER_OTLP_PROTOCOL: supported is http/protobuf; collectors take it on port 4318")
    return OTLPSpanExporter()
