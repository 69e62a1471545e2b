"""`/v1/retrieve` over real HTTP, in both of Headroom's forms."""

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.originals import OriginalStore
from promptpress_service.cache.sealing import Sealer
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.http import error_responses
from promptpress_service.http.routes import retrieve
from promptpress_service.tenancy.caller import Caller
from promptpress_service.tenancy.rate_limits import Limits, RateLimits
from tests.conftest import PROSE

SECRET = b"s" * 32


@pytest.fixture(scope="module")
def service() -> Iterator[SimpleNamespace]:
    """The routes under a real server; the header `x-tenant` stands for a key's tenant."""
    app = FastAPI()
    originals = OriginalStore(MemoryStore(1_000_000), Sealer(SECRET), SECRET, 60)
    handle = SimpleNamespace(get=lambda: SimpleNamespace(admit=RateLimits(Limits()).admit))
    app.state.context = SimpleNamespace(engine=handle, originals=originals, max_body_bytes=100_000)
    error_responses.install(app, DialectTable())
    app.include_router(retrieve.router)

    @app.middleware("http")
    async def tenant(request: Request, call_next: Any) -> Response:
        if name := request.headers.get("x-tenant"):
            request.state.caller = Caller(name)
        response: Response = await call_next(request)
        return response

    @app.post("/put/{tenant}")
    async def put(tenant: str) -> str | None:
        name: str | None = await originals.put(tenant, PROSE, 99)
        return name

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    hashes = {name: httpx2.post(f"{url}/put/{name}").json() for name in ("default", "acme")}
    yield SimpleNamespace(url=url, hashes=hashes)
    server.should_exit = True
    thread.join()


def ask(service: SimpleNamespace, name: str, tenant: str | None, verb: str) -> httpx2.Response:
    headers = {"x-tenant": tenant} if tenant else {}
    if verb == "GET":
        return httpx2.get(f"{service.url}/v1/retrieve/{name}?query=what", headers=headers)
    return httpx2.post(f"{service.url}/v1/retrieve", json={"hash": name, "query": "what"}, headers=headers)


verbs = pytest.mark.parametrize("verb", ["GET", "POST"])


@verbs
def test_an_original_over_http(service: SimpleNamespace, verb: str) -> None:
    for tenant in (None, "default", "acme"):
        name = service.hashes[tenant or "default"]
        response = ask(service, name, tenant, verb)
        assert response.status_code == 200
        assert response.json() == {"hash": name, "original_content": PROSE, "original_tokens": 99}


@verbs
def test_foreign_and_unknown_look_the_same(service: SimpleNamespace, verb: str) -> None:
    foreign = ask(service, service.hashes["acme"], None, verb)
    unknown = ask(service, "0" * 24, None, verb)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert foreign.json()["error"]["code"] == "not_found"


@verbs
@pytest.mark.parametrize("name", ["xyz", "0" * 11, "0" * 25, "A" * 24, "0" * 24 + "%0A"])
def test_malformed_hashes_are_422(service: SimpleNamespace, name: str, verb: str) -> None:
    response = ask(service, name, None, verb)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "hash"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [("{", 400, None), ("{}", 422, "hash"), ('{"hash": 5}', 422, "hash"), ('{"hash": "0", "x": 1}', 422, "x")],
)
def test_malformed_bodies(service: SimpleNamespace, body: str, status: int, field: str | None) -> None:
    response = httpx2.post(f"{service.url}/v1/retrieve", content=body)
    assert response.status_code == status
    assert response.json()["error"].get("field") == field
