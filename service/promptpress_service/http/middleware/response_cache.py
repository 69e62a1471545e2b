"""Requests whose answer is in the cache are answered before routing: no tasks, no watch for clients that hang up.

The same bytes of the same tenant are not even parsed again: what was answered is kept ready beside the cache, for as long
as the cache holds the result.
"""

import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpress.errors import CompressionError
from promptpress_service.cache.result_cache import CacheEntry
from promptpress_service.dialects.base import Dialect, RepeatedAnswer
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.engine.engine import Engine
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.failures import ServiceFailure
from promptpress_service.http.json_body import parse
from promptpress_service.http.paths import route_path
from promptpress_service.observability.records import CompressionRecord
from promptpress_service.tenancy.caller import ANYONE, Caller

_LARGEST = 64 * 1024
"""Bytes of a body: parsing larger ones twice would cost new requests more than it spares repeated ones."""
_MOST_BYTES = 8 * 1024 * 1024
"""Answers kept ready."""

_Name = tuple[str, str, bytes]
"""A tenant, a path, and a keyed hash of a body with the headers that matter."""


@dataclass(frozen=True)
class _Ready:
    """An answer kept ready, where its result is cached, and the record of it."""

    entry: CacheEntry
    answer: RepeatedAnswer
    record: CompressionRecord

    @property
    def size(self) -> int:
        return sum(map(len, self.answer.parts)) + len(self.entry.envelope) + 1000


class ResponseCacheMiddleware:
    """ASGI middleware that answers a compression from the cache; all else, refusals and errors too, is the route's to
    answer. Stands inside authentication and observation, which hold for both."""

    def __init__(self, app: ASGIApp, engine: EngineHandle, dialects: DialectTable) -> None:
        self._app = app
        self._engine = engine
        self._dialects = dialects
        self._secret = os.urandom(32)
        self._ready: OrderedDict[_Name, _Ready] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        engine = self._engine.opened
        if engine is None or scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        path = route_path(scope)
        dialect = self._dialects.named(path)
        if dialect is None or _length(scope) > _LARGEST:
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first.get("more_body") or first["type"] != "http.request":
            await self._app(scope, _after(first, receive), send)
            return
        headers = dialect.headers_of(Headers(scope=scope)) if dialect.headers else {}
        caller = scope["state"].get("caller", ANYONE)
        body = first.get("body", b"")
        started = time.perf_counter()
        name = caller.tenant, path, self._hash(body, headers)
        try:
            answer = await self._repeated(engine, name, caller, started)
            if answer is None:
                answer = await self._found(engine, name, caller, dialect, body=body, headers=headers)
        except (ServiceFailure, CompressionError, ValidationError):
            answer = None
        if answer is None:
            await self._app(scope, _after(first, receive), send)
            return
        answered = [(b"content-length", b"%d" % len(answer)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": answered})
        await send({"type": "http.response.body", "body": answer})

    async def _repeated(self, engine: Engine, name: _Name, caller: Caller, started: float) -> bytes | None:
        """The answer to a request that was answered before."""
        ready = self._ready.get(name)
        if ready is None:
            return None
        if not await engine.still_cached(ready.entry, caller, ready.record):
            self._forget(name)
            return None
        self._ready.move_to_end(name)
        return ready.answer.fill(round(1000 * (time.perf_counter() - started), 3))

    async def _found(
        self,
        engine: Engine,
        name: _Name,
        caller: Caller,
        dialect: Dialect[Any],
        *,
        body: bytes,
        headers: Mapping[str, str],
    ) -> bytes | None:
        """The answer to a request whose result is in the cache; kept ready from now on."""
        parsed = dialect.request_model.model_validate(parse(body))
        hit = await engine.find(dialect.decode(parsed, headers), caller)
        if hit is None:
            return None
        answer = dialect.encode(hit.outcome, parsed)
        encoded = dialect.dump(answer)
        self._keep(name, _Ready(hit.entry, dialect.repeated(answer, encoded), hit.record))
        return encoded

    def _hash(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        hashed = hashlib.blake2b(body, key=self._secret, digest_size=32)
        if headers:
            hashed.update(repr(sorted(headers.items())).encode())
        return hashed.digest()

    def _keep(self, name: _Name, ready: _Ready) -> None:
        self._forget(name)
        self._ready[name] = ready
        self._bytes += ready.size
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._ready)))

    def _forget(self, name: _Name) -> None:
        ready = self._ready.pop(name, None)
        if ready is not None:
            self._bytes -= ready.size


def _length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return _LARGEST + 1


def _after(first: Message, receive: Receive) -> Receive:
    """Receive a message again, and then what follows it."""
    pending = [first]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
