"""Spans, and what starts without them."""

import subprocess
import sys

import httpx2
import pytest
from opentelemetry.trace import SpanKind

from promptpress_service.observability.opentelemetry_tracing import OpenTelemetryTracing
from promptpress_service.observability.spans import NoTracing, TracingError
from promptpress_service.observability.tracing import open_tracing
from tests.service.observability.conftest import Watched
from tests.waiting import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def test_a_request_is_a_span_of_the_callers_trace_with_its_stages(watched: Watched) -> None:
    httpx2.post(f"{watched.url}/v1/compress", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    eventually(lambda: len(watched.spans.get_finished_spans()) == 5)
    spans = {span.name: span for span in watched.spans.get_finished_spans()}
    request = spans.pop("POST /v1/compress")
    assert request.kind is SpanKind.SERVER
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/compress",
        "http.response.status_code": 200,
        "promptpress.outcome": "compressed",
        "promptpress.method": "hybrid",
        "promptpress.compressions": 1,
        "promptpress.tokens_before": 1000,
        "promptpress.tokens_after": 240,
        "promptpress.status": "compressed",
        "promptpress.cache": "miss",
        "gen_ai.request.model": "gpt-4o",
    }
    assert {name: (span.end_time or 0) - (span.start_time or 0) for name, span in spans.items()} == {
        "queue": 2_000_000,
        "score": 30_000_000,
        "cut": 5_000_000,
        "verify": 1_000_000,
    }
    assert {span.parent.span_id for span in spans.values() if span.parent} == {request.context.span_id}
    assert all(span.parent for span in spans.values())
    assert spans["queue"].end_time == spans["score"].start_time


def test_the_callers_decision_not_to_sample_is_kept(watched: Watched) -> None:
    httpx2.post(f"{watched.url}/v1/compress", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    httpx2.get(f"{watched.url}/livez")
    spans = eventually(watched.spans.get_finished_spans)
    assert [span.name for span in spans] == ["GET /livez"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
    ],
)
def test_nothing_is_traced_unless_asked_for(environment: dict[str, str]) -> None:
    assert isinstance(open_tracing("1", environment), NoTracing)


def test_asked_for() -> None:
    tracing = open_tracing("1", {"OTEL_TRACES_EXPORTER": "console"})
    assert isinstance(tracing, OpenTelemetryTracing)
    tracing.close()


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_what_is_not_supported_is_refused_by_name(environment: dict[str, str]) -> None:
    with pytest.raises(TracingError, match="OTEL_"):
        open_tracing("1", environment)


def test_missing_packages_are_said() -> None:
    """In a process of its own, where the SDK cannot be imported."""
    program = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from promptpress_service.observability import logs; logs.configure()\n"
        "from promptpress_service.observability.spans import NoTracing\n"
        "from promptpress_service.observability.tracing import open_tracing\n"
        "assert isinstance(open_tracing('1', {'OTEL_TRACES_EXPORTER': 'otlp'}), NoTracing)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "promptpress[otel]" in done.stderr
    assert "OTEL_TRACES_EXPORTER" in done.stderr
