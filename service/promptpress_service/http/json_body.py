"""Request bodies: strict JSON, with errors that say what is wrong and where."""

import json
from typing import Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Message

from promptpress_service.failures import BodyTooLarge, MalformedJson
from promptpress_service.http.context import context_of


def parse(body: bytes) -> Any:
    """Parse a body. Raises MalformedJson.

    What strict JSON does not allow but Python's parser does (NaN, lone surrogates) is let through to validation, which can
    name the field it stands in.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        strict_message = str(error)
    try:
        return json.loads(body.decode())
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the body is not UTF-8: byte {error.start}") from None
    except RecursionError:
        raise MalformedJson("the body is nested too deeply") from None
    except ValueError:
        raise MalformedJson(f"the body is not JSON: {strict_message}") from None


class _BodyRequest(Request):
    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            limit = context_of(self).max_body_bytes
            if int(self.headers.get("content-length") or 0) > limit:
                raise BodyTooLarge(limit)
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > limit:
                    raise BodyTooLarge(limit)
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class JsonRoute(APIRoute):
    """A route whose body is JSON whatever its content type says, so that a bare `curl -d` works."""

    def get_route_handler(self) -> Any:
        """Wrap FastAPI's handler with our body parsing."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            scope = dict(request.scope)
            if request.method == "POST":
                headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
                scope["headers"] = [*headers, (b"content-type", b"application/json")]

            async def receive() -> Message:
                return await request.receive()

            parsed = _BodyRequest(scope, receive)
            if request.method == "POST":
                # Here, because FastAPI would turn our error into a message that says nothing.
                await parsed.json()
            response: Response = await handler(parsed)
            return response

        return handle
