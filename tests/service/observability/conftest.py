"""A small application behind the real middleware, on a real port, with spans kept in memory."""

import asyncio
import io
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from promptpress_service.dialects.registry import DialectTable
from promptpress_service.failures import NotReady
from promptpress_service.http import error_responses
from promptpress_service.http.middleware.observe import RequestContext
from promptpress_service.observability import logs
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.observer import Observer
from promptpress_service.observability.opentelemetry_tracing import OpenTelemetryTracing
from promptpress_service.observability.records import CompressionRecord, current_record
from tests.waiting import PATIENCE_SECONDS, eventually

T = TypeVar("T")


@dataclass
class Signals:
    """What application and test tell each other."""

    received: threading.Event = field(default_factory=threading.Event)
    seen: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


@dataclass
class Watched:
    """A running application and where it is observed."""

    url: str
    metrics: Metrics
    spans: InMemorySpanExporter
    signals: Signals

    def scrape(self) -> str:
        return generate_latest(self.metrics.registry).decode()

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"promptpress_{name}", labels)


def compression(**changes: object) -> CompressionRecord:
    fields: dict[str, object] = {
        "method": "hybrid",
        "status": "compressed",
        "reason": None,
        "tokens_before": 1000,
        "tokens_after": 240,
        "target_ratio": 0.25,
        "cache": "miss",
        "queue_ms": 2.0,
        "timing": {"score": 30.0, "cut": 5.0, "verify": 1.0},
        "model": "gpt-4o",
    }
    return CompressionRecord(**{**fields, **changes})  # type: ignore[arg-type]


def build(signals: Signals) -> FastAPI:
    app = FastAPI()
    error_responses.install(app, DialectTable())
    add_compressions(app)
    add_failures(app)
    add_streams(app, signals)

    @app.get("/v1/retrieve/{hash}")
    async def retrieve(hash: str) -> dict[str, str]:
        return {}

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    return app


def add_compressions(app: FastAPI) -> None:
    @app.post("/v1/compress")
    async def compress(request: Request) -> dict[str, str]:
        await request.body()
        record = current_record()
        assert record is request.state.record
        record.tenant = "acme"
        record.compressions.append(compression())
        return {"id": request.state.request_id}

    @app.post("/v1/compress/batch")
    def batch() -> dict[str, int]:
        current_record().compressions.extend(
            [compression(), compression(method="bm25", status="unchanged", reason="no_gain")]
        )
        return {"results": 2}


def add_failures(app: FastAPI) -> None:
    @app.post("/v1/tokenize")
    async def tokenize(request: Request) -> None:
        raise ValueError((await request.body()).decode())

    @app.get("/v1/models")
    async def models() -> None:
        raise NotReady("models are loading", retry_after=1)


def add_streams(app: FastAPI, signals: Signals) -> None:
    @app.post("/v1/compress/stream")
    async def stream(request: Request) -> StreamingResponse:
        async for chunk in request.stream():
            if chunk:
                signals.received.set()

        async def answer() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.to_thread(signals.seen.wait, PATIENCE_SECONDS)
            yield b"second"

        return StreamingResponse(answer())

    @app.get("/redoc-wait")
    async def wait(request: Request) -> dict[str, str]:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        signals.left.set()
        return {}


@pytest.fixture
def watched() -> Iterator[Watched]:
    spans = InMemorySpanExporter()
    metrics = Metrics(version="1.2.3")
    signals = Signals()
    tracing = OpenTelemetryTracing(SimpleSpanProcessor(spans))
    app = build(signals)
    app.add_middleware(RequestContext, observer=Observer(metrics, tracing))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Watched(f"http://127.0.0.1:{listener.getsockname()[1]}", metrics, spans, signals)
    server.should_exit = True
    thread.join()
    tracing.close()


@pytest.fixture
def plain_logging() -> Iterator[None]:
    """Puts logging back as it was after a test that configured it."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Lines:
    """Log lines as they come. (pytest's own capture loses what is written while it is read.)"""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def requests(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many access log lines."""

        def found() -> list[dict[str, Any]]:
            lines = [event for event in self.events() if event["event"] == "request"]
            return lines if len(lines) >= count else []

        return eventually(found)


@pytest.fixture
def lines(plain_logging: None, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Logs as JSON."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("debug", "json")
    return Lines(stream)
