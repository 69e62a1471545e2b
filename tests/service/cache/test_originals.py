"""Originals: same tenant only, for a while, and from any replica; and the routes that give them back."""

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
from promptpress_service.cache.originals import Original, OriginalStore
from promptpress_service.cache.sealing import Sealer
from promptpress_service.http import errors
from promptpress_service.http.routes import retrieve
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.store import RedisStore
from promptpress_service.settings.settings import Settings
from promptpress_service.tenancy.caller import Caller
from promptpress_service.tenancy.rate_limits import Limits, RateLimits
from tests.conftest import PROSE
from tests.service.redis_server import RedisServer

SECRET = b"s" * 32
KEY = b"k" * 32


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def originals_in(clock: Clock, max_bytes: int = 1_000_000) -> OriginalStore:
    return OriginalStore(MemoryStore(max_bytes, clock), Sealer(SECRET), SECRET, 60)


@pytest.mark.anyio
async def test_only_its_tenant_gets_an_original_back() -> None:
    originals = originals_in(Clock())
    name = await originals.put("a", PROSE, 99)
    assert name is not None
    assert len(name) == 24
    assert await originals.get("a", name) == Original(name, PROSE, 99)
    assert await originals.get("b", name) is None
    other = await originals.put("b", PROSE, 99)
    assert other != name
    assert await originals.put("a", PROSE, 99) == name


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", "0" * 24, "0" * 12, "Z" * 24, "0" * 23 + "A", "0" * 25, "*"])
async def test_unknown_and_malformed_hashes_have_nothing(name: str) -> None:
    assert await originals_in(Clock()).get("a", name) is None


@pytest.mark.anyio
async def test_every_use_lets_it_live_longer() -> None:
    clock = Clock()
    originals = originals_in(clock)
    name = await originals.put("a", PROSE, 99)
    assert name is not None
    for _ in range(3):
        clock.now += 59
        assert await originals.get("a", name) is not None
    clock.now += 60
    assert await originals.get("a", name) is None


@pytest.mark.anyio
async def test_what_was_not_stored_has_no_hash() -> None:
    assert await originals_in(Clock(), 100).put("a", PROSE, 99) is None


@pytest.mark.anyio
async def test_replicas_share_originals_and_redis_cannot_read_them(redis_server: RedisServer) -> None:
    stores = [RedisStore(parse_redis_url(redis_server.url), 5) for _ in range(2)]
    one, other = (OriginalStore(store, Sealer(SECRET, [KEY]), SECRET, 600) for store in stores)
    name = await one.put("acme", PROSE, 99)
    assert name is not None
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        client.pexpire(key, 5000)
        assert await other.get("acme", name) == Original(name, PROSE, 99)
        assert client.pttl(key) > 590_000
        stored = redis_server.dump()
        assert name.encode() not in stored
        assert not [word for word in PROSE.split() if len(word) > 3 and word.encode() in stored]
        client.set(key, b"tampered")
    assert await other.get("acme", name) is None
    for store in stores:
        await store.close()


@pytest.fixture(scope="module")
def service() -> Iterator[SimpleNamespace]:
    """The routes under a real server; the header `x-tenant` stands for a key's tenant."""
    app = FastAPI()
    errors.install(app)
    app.include_router(retrieve.router)
    app.state.engine = SimpleNamespace(settings=Settings(), admit=RateLimits(Limits()).admit)
    app.state.originals = OriginalStore(MemoryStore(1_000_000), Sealer(SECRET), SECRET, 60)

    @app.middleware("http")
    async def tenant(request: Request, call_next: Any) -> Response:
        if name := request.headers.get("x-tenant"):
            request.state.caller = Caller(name)
        response: Response = await call_next(request)
        return response

    @app.post("/put/{tenant}")
    async def put(tenant: str) -> str | None:
        name: str | None = await app.state.originals.put(tenant, PROSE, 99)
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
