"""`POST` of each dialect: one request, one answer."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel

from promptpress_service.dialects.base import Dialect
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.http.context import caller_of, context_of
from promptpress_service.http.disconnect import unless_disconnected
from promptpress_service.http.json_body import JsonRoute

ERROR_STATUSES = (400, 401, 413, 422, 429, 503)


def router_of(dialects: DialectTable) -> APIRouter:
    """The routes of all dialects; of each, the first path is in the OpenAPI document."""
    router = APIRouter(route_class=JsonRoute, tags=["compression"])
    for dialect in dialects.dialects:
        for path in dialect.paths:
            router.add_api_route(
                path,
                _endpoint(dialect),
                methods=["POST"],
                operation_id=dialect.operation_id,
                summary=dialect.summary,
                description=dialect.description,
                response_model=dialect.response_model,
                responses=dialect.documented(*ERROR_STATUSES),
                include_in_schema=path == dialect.paths[0],
            )
    return router


def _endpoint(dialect: Dialect[Any]) -> Callable[..., Awaitable[Response]]:
    async def compress(body: BaseModel, request: Request) -> Response:
        native = dialect.decode(body, dialect.headers_of(request.headers))
        engine = context_of(request).engine.get()
        outcome = await unless_disconnected(request, engine.compress(native, caller_of(request)))
        return Response(dialect.dump(dialect.encode(outcome, body)), media_type="application/json")

    examples = dict(dialect.examples) or None
    compress.__annotations__["body"] = Annotated[dialect.request_model, Body(openapi_examples=examples)]
    return compress
