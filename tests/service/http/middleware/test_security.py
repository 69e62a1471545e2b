"""The security middleware under a real server, over real connections."""

import asyncio
import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from promptpress_service.http.documentation import page
from promptpress_service.http.middleware.security import Authentication, SecurityHeaders
from promptpress_service.observability.records import RequestRecord, set_current_record
from promptpress_service.tenancy.api_keys import KeyRing
from tests.waiting import PATIENCE_SECONDS

KEY = "0123456789abcdef"


def application() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(page.router)

    @app.head("/livez")
    @app.get("/livez")
    @app.post("/livez")
    async def probe() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/compress")
    async def compress(request: Request) -> Response:
        return JSONResponse({"tenant": request.state.caller.tenant, "size": len(await request.body())})

    @app.get("/cached")
    async def cached() -> Response:
        return Response(headers={"Cache-Control": "max-age=60"})

    return app


@contextmanager
def serving(keys: str | None, public_docs: bool = False, http: str = "h11") -> Iterator[str]:
    app = SecurityHeaders(Authentication(application(), KeyRing(keys), public_docs))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level=logging.WARNING, http=http))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def test_the_tenant_stands_in_the_record_that_logs_are_written_from() -> None:
    seen: list[str | None] = []

    async def scenario() -> None:
        record = RequestRecord("id", "http")
        set_current_record(record)
        transport = httpx2.ASGITransport(Authentication(application(), KeyRing(f"acme:{KEY}")))
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            await client.post("/v1/compress", content=b"abc", headers={"X-API-Key": KEY})
        seen.append(record.tenant)

    asyncio.run(scenario())
    assert seen == ["acme"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(f"acme:{KEY}") as url:
        yield url


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}, {"x-headroom-proxy-token": KEY}]
)
def test_a_known_key_passes_and_names_its_tenant(url: str, headers: dict[str, str]) -> None:
    response = httpx2.post(f"{url}/v1/compress", content=b"abc", headers=headers)
    assert response.json() == {"tenant": "acme", "size": 3}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-wrong-wrong"},
        {"Authorization": KEY},
        {"X-API-Key": "\xff" * 20},
        {"Cookie": f"x-api-key={KEY}"},
    ],
)
def test_other_requests_get_401_in_the_house_shape(url: str, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    response = httpx2.post(f"{url}/v1/compress", content=b"abc", headers=encoded)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json()["error"].keys() == {"code", "message"}
    assert response.json()["error"]["code"] == "unauthorized"
    assert "wrong-wrong" not in response.text


def test_probes_are_open_for_get_and_head_only(url: str) -> None:
    assert httpx2.get(f"{url}/livez").status_code == 200
    assert httpx2.head(f"{url}/livez").status_code == 200
    assert httpx2.post(f"{url}/livez").status_code == 401
    for path in ("/readyz", "/health", "/startupz", "/ping", "/status"):
        assert httpx2.get(f"{url}{path}").status_code == 404
    for path in ("/livez/", "/livez/x", "//livez", "/livez%2f..%2fv1", "/LIVEZ", "/", "/nope"):
        assert httpx2.get(f"{url}{path}").status_code == 401


def test_documentation_is_open_when_told_or_without_keys(url: str) -> None:
    for path in ("/docs", "/openapi.json", "/docs/swagger-ui.css"):
        assert httpx2.get(f"{url}{path}").status_code == 401
        assert httpx2.get(f"{url}{path}", headers={"X-API-Key": KEY}).status_code == 200
    with serving(f"acme:{KEY}", public_docs=True) as public:
        assert httpx2.get(f"{public}/docs").status_code == 200
        assert httpx2.get(f"{public}/openapi.json").status_code == 200
        assert httpx2.post(f"{public}/v1/compress").status_code == 401
    with serving(None) as open_to_all:
        assert httpx2.get(f"{open_to_all}/docs").status_code == 200
        assert httpx2.post(f"{open_to_all}/v1/compress").json()["tenant"] == "default"


@pytest.mark.parametrize("implementation", ["h11", "httptools"])
def test_a_refused_body_is_not_needed_and_the_connection_goes_on(implementation: str) -> None:
    if implementation == "httptools":
        pytest.importorskip("httptools", reason="httptools is not installed")
    with serving(f"acme:{KEY}", http=implementation) as url:
        host = url.removeprefix("http://")
        with socket.create_connection(tuple(host.split(":")), timeout=PATIENCE_SECONDS) as raw:  # type: ignore[arg-type]
            # The body never comes: the answer must not wait for it.
            raw.sendall(f"POST /v1/compress HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\n".encode())
            assert raw.recv(12) == b"HTTP/1.1 401"
        connection = http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)
        for _ in range(3):
            connection.request("POST", "/v1/compress", b"a" * 300_000)
            refused = connection.getresponse()
            assert refused.status == 401
            refused.read()
            connection.request("POST", "/v1/compress", b"a" * 300_000, {"X-API-Key": KEY})
            assert json.loads(connection.getresponse().read()) == {"tenant": "acme", "size": 300_000}
        connection.close()


def test_security_headers(url: str) -> None:
    for path in ("/livez", "/nope", "/docs", "/openapi.json"):
        response = httpx2.get(f"{url}{path}", headers={"X-API-Key": KEY, "Origin": "https://example.org"})
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]
    assert httpx2.get(f"{url}/livez").headers["Cache-Control"] == "no-store"
    assert httpx2.get(f"{url}/cached", headers={"X-API-Key": KEY}).headers["Cache-Control"] == "max-age=60"


def test_the_documentation_loads_nothing_from_elsewhere(url: str) -> None:
    page = httpx2.get(f"{url}/docs", headers={"X-API-Key": KEY})
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "https://" not in page.headers["Content-Security-Policy"]


def test_a_preflight_gets_no_permission(url: str) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    response = httpx2.request("OPTIONS", f"{url}/v1/compress", headers=headers)
    assert response.status_code == 401
    assert "Access-Control-Allow-Origin" not in response.headers
