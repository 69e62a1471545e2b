"""One event loop in a thread, with one engine and one server on it, for all tests of this folder."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from promptpress.runtime.progress import Listener
from promptpress_service.engine.engine import Engine, EngineOptions
from promptpress_service.engine.outcome import Outcome
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.failures import ServiceFailure
from promptpress_service.grpc_api.generated import promptpress_pb2_grpc
from promptpress_service.grpc_api.server import GrpcServer
from promptpress_service.observability.observer import Observer
from promptpress_service.tenancy.caller import ANYONE, Caller
from tests.service.engines import handle_of, open_engine
from tests.waiting import PATIENCE_SECONDS

HOLD = "hold this request"
MAX_BODY_BYTES = 100_000


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE_SECONDS)


class HoldingEngine(Engine):
    """An engine that keeps requests with the query HOLD waiting until it is let go, and counts those cancelled meanwhile."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.go = asyncio.Event()
        self.held = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.callers: list[Caller] = []

    async def compress(self, request: ServiceRequest, caller: Caller = ANYONE, listener: Listener | None = None) -> Outcome:
        self.callers.append(caller)
        if request.query == HOLD:
            self.held.set()
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if request.query in FAILURES:
            raise FAILURES[request.query]
        return await super().compress(request, caller, listener)

    def hold(self) -> None:
        self.go.clear()
        self.held.clear()
        self.cancelled.clear()


class Overloaded(ServiceFailure):
    status = 429
    code = "overloaded"


class TooLate(ServiceFailure):
    status = 504
    code = "deadline"


FAILURES: dict[str | None, BaseException] = {
    "overload": Overloaded("too many requests", retry_after=1.2),
    "late": TooLate("too late"),
    "bug": RuntimeError("secret-prompt-text"),
    "cancelled work": asyncio.CancelledError(),
}


@dataclass(frozen=True)
class KeptText:
    text: str
    tokens: int | None


class KeptTexts:
    """Originals in a dict."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], KeptText] = {}

    async def get(self, tenant: str, hash: str) -> KeptText | None:
        return self.texts.get((tenant, hash))


def by_key(headers: Mapping[str, str]) -> Caller:
    """Two tenants, told by three kinds of metadata."""
    given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key")
    given = given or headers.get("x-headroom-proxy-token")
    failure = ServiceFailure("a key is needed")
    if given == "barred":
        failure.status, failure.code = 403, "forbidden"
        raise failure
    if given not in ("key-a", "key-b"):
        failure.status, failure.code = 401, "unauthorized"
        raise failure
    return Caller(given)


def server_on(engine: Engine, port: int = 0, **options: Any) -> GrpcServer:
    """A server on an engine that is open, not started."""
    observer = Observer(engine.metrics)
    return GrpcServer(handle_of(engine), "127.0.0.1", port, observer=observer, max_message_bytes=MAX_BODY_BYTES, **options)


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def engine(loop: Loop) -> Iterator[HoldingEngine]:
    engine: HoldingEngine = loop.run(open_engine(HoldingEngine, EngineOptions(max_wait_seconds=60, max_batch_items=20)))
    yield engine
    loop.run(engine.close())


@pytest.fixture(scope="session")
def originals() -> KeptTexts:
    return KeptTexts()


@pytest.fixture(scope="session")
def address(loop: Loop, engine: HoldingEngine) -> Iterator[str]:
    """A server without keys and without originals."""
    with serving(loop, server_on(engine)) as address:
        yield address


@pytest.fixture(scope="session")
def guarded(loop: Loop, engine: HoldingEngine, originals: KeptTexts) -> Iterator[str]:
    """A server with keys and originals."""
    with serving(loop, server_on(engine, authenticate=by_key, originals=originals)) as address:
        yield address


@pytest.fixture(scope="session")
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture(scope="session")
def stub(channel: grpc.Channel) -> promptpress_pb2_grpc.CompressorStub:
    return promptpress_pb2_grpc.CompressorStub(channel)


class serving:  # noqa: N801 - reads as a call
    """A server that runs on the loop; its address."""

    def __init__(self, loop: Loop, server: GrpcServer) -> None:
        self._loop = loop
        self._server = server

    def __enter__(self) -> str:
        return f"127.0.0.1:{self._loop.run(self._server.start())}"

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._server.stop(5))
