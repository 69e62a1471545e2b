"""Requests whose answer is in the cache are answered before routing: no tasks, no watch for clients that hang up."""

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from compressors.request import CompressionRequest
from service.caller import ANYONE
from service.engine import Engine
from service.failures import ServiceFailure
from service.json_body import parse
from service.observability.records import CompressionRecord, current_record
from service.response import response_of

_PATHS = frozenset({"/v1/compress", "/compress"})
_LARGEST = 64 * 1024
"""Bytes of a body: parsing larger ones twice would cost new requests more than it spares repeated ones."""


class Repeated:
    """ASGI middleware that answers a compression from the cache; all else, refusals and errors too, is the route's to
    answer. Stands inside authentication and observation, which hold for both."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _PATHS or _length(scope) > _LARGEST:
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first.get("more_body") or first["type"] != "http.request":
            await self._app(scope, _after(first, receive), send)
            return
        answer = await self._answer(first.get("body", b""), scope)
        if answer is None:
            await self._app(scope, _after(first, receive), send)
            return
        headers = [(b"content-length", str(len(answer)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, body: bytes, scope: Scope) -> bytes | None:
        try:
            request = CompressionRequest.model_validate(parse(body))
            outcome = await self._engine.find(request, scope["state"].get("caller", ANYONE))
        except (ServiceFailure, ValidationError):
            return None
        if outcome is None:
            return None
        current_record().compressions.append(CompressionRecord.of(outcome.result, request, outcome.queue_ms, outcome.cache))
        return response_of(outcome).model_dump_json(exclude_none=True).encode()


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
