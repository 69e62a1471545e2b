"""Requests whose answer is in the cache are answered before routing: no tasks, no watch for clients that hang up.

The same bytes of the same tenant are not even parsed again: what was answered is kept ready beside the cache, in two halves
around its id and time, for as long as the cache holds the result.
"""

import hashlib
import os
import time
from collections import OrderedDict
from dataclasses import dataclass, replace

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpress.request import CompressionRequest
from promptpress.result import TimingMs
from promptpress_service.cache.result_cache import Found
from promptpress_service.dialects.native import response_of
from promptpress_service.engine.engine import Engine
from promptpress_service.failures import ServiceFailure
from promptpress_service.http.json_body import parse
from promptpress_service.observability.records import CompressionRecord, current_record
from promptpress_service.tenancy.caller import ANYONE, Caller

_PATHS = frozenset({"/v1/compress", "/compress"})
_LARGEST = 64 * 1024
"""Bytes of a body: parsing larger ones twice would cost new requests more than it spares repeated ones."""
_MOST_BYTES = 8 * 1024 * 1024
"""Answers kept ready."""

_Name = tuple[str, bytes]
"""A tenant and a keyed hash of a body."""


@dataclass(frozen=True)
class _Ready:
    """An answer in parts, between which its time and its id go, and the record of it."""

    found: Found
    parts: tuple[bytes, bytes, bytes]
    record: CompressionRecord


class Repeated:
    """ASGI middleware that answers a compression from the cache; all else, refusals and errors too, is the route's to
    answer. Stands inside authentication and observation, which hold for both."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        self._secret = os.urandom(32)
        self._ready: OrderedDict[_Name, _Ready] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _PATHS or _length(scope) > _LARGEST:
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first.get("more_body") or first["type"] != "http.request":
            await self._app(scope, _after(first, receive), send)
            return
        try:
            answer = await self._answer(first.get("body", b""), scope["state"].get("caller", ANYONE))
        except (ServiceFailure, ValidationError):
            answer = None
        if answer is None:
            await self._app(scope, _after(first, receive), send)
            return
        headers = [(b"content-length", b"%d" % len(answer)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, body: bytes, caller: Caller) -> bytes | None:
        started = time.perf_counter()
        name = (caller.tenant, hashlib.blake2b(body, key=self._secret, digest_size=32).digest())
        ready = self._ready.get(name)
        if ready is not None:
            if await self._engine.holds(ready.found, caller, ready.record.tokens_before):
                self._ready.move_to_end(name)
                current_record().compressions.append(replace(ready.record, finished_ns=time.time_ns()))
                before, between, after = ready.parts
                total = round(1000 * (time.perf_counter() - started), 3)
                return b"%s%.3f%scmp_%s%s" % (before, total, between, os.urandom(16).hex().encode(), after)
            self._forget(name)
        request = CompressionRequest.model_validate(parse(body))
        found = await self._engine.find(request, caller)
        if found is None:
            return None
        outcome, stored = found
        record = CompressionRecord.of(outcome.result, request, outcome.queue_ms, outcome.cache)
        current_record().compressions.append(record)
        answer = response_of(outcome)
        encoded = answer.model_dump_json(exclude_none=True).encode()
        self._keep(name, _Ready(stored, _parts(encoded, answer.id, answer.timing_ms), record))
        return encoded

    def _keep(self, name: _Name, ready: _Ready) -> None:
        self._ready[name] = ready
        self._bytes += _size(ready)
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._ready)))

    def _forget(self, name: _Name) -> None:
        ready = self._ready.pop(name, None)
        if ready is not None:
            self._bytes -= _size(ready)


def _parts(encoded: bytes, identifier: str, timing: TimingMs) -> tuple[bytes, bytes, bytes]:
    """An answer cut around its total time and its id, which stand after all text: the last of their kind are theirs."""
    head, _, after = encoded.rpartition(identifier.encode())
    before, label, between = head.rpartition(b'"total":')
    return before + label, between.removeprefix(str(timing.total).encode()), after


def _size(ready: _Ready) -> int:
    return sum(map(len, ready.parts)) + len(ready.found.envelope) + len(ready.found.value) + 1000


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
