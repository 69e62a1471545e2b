"""Every error as `{"error": {"code", "message", "field"?, "details"?}}`."""

import math
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from promptpress.errors import CompressionError
from promptpress_service.failures import ServiceFailure
from promptpress_service.observability.records import note_error

_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


_MEANINGS = {
    400: "The body is not JSON",
    401: "Keys are set, and the request has none that is known",
    404: "Never stored for this key, or expired",
    413: "The body is too large",
    422: "A value is not allowed; the error names the field",
    429: "Too many requests wait, or the tenant's limit is used up; `Retry-After` says when to try again",
    503: "The models are still loading, or a Redis that is required does not answer; `Retry-After` says when to try again",
}


class ErrorBody(BaseModel):
    """What went wrong, where, and what to do."""

    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] | None = None


class ErrorResponse(BaseModel):
    """The one shape of all errors."""

    error: ErrorBody


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's OpenAPI says of the errors it may answer."""
    return {status: {"model": ErrorResponse, "description": _MEANINGS[status]} for status in statuses}


def error_body(error: CompressionError | ValidationError | RequestValidationError) -> ErrorBody:
    """An error that names its field. Never repeats what the caller sent."""
    if isinstance(error, CompressionError):
        return ErrorBody(code=error.code, message=error.message, field=error.field, details=error.details or None)
    first = error.errors()[0]
    if first["type"] in ("missing", "model_attributes_type") and first["loc"] in (("body",), ()):
        return ErrorBody(code="invalid_value", message="the body must be a JSON object")
    field = _field(first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "unknown field"
    others = [
        {"field": _field(each["loc"]), "message": each["msg"].removeprefix("Value error, ")} for each in error.errors()[1:10]
    ]
    return ErrorBody(
        code="invalid_value",
        message=f"{field}: {message}" if field else message,
        field=field,
        details={"also": others} if others else None,
    )


def respond(status: int, body: ErrorBody, headers: dict[str, str] | None = None) -> Response:
    """The HTTP response for an error."""
    note_error(body.code)
    content = orjson.dumps({"error": body.model_dump(exclude_none=True)})
    return Response(content, status, headers, media_type="application/json")


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(CompressionError)
    async def _compression(_: Request, error: CompressionError) -> Response:
        return respond(error.status, error_body(error))

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> Response:
        return respond(422, error_body(error))

    @app.exception_handler(ServiceFailure)
    async def _failure(_: Request, error: ServiceFailure) -> Response:
        headers = {"Retry-After": str(math.ceil(error.retry_after))} if error.retry_after is not None else None
        return respond(error.status, ErrorBody(code=error.code, message=error.message), headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        message = str(error.detail)
        if error.status_code == 404:
            message = f"no such path: {request.url.path[:200]}; see /docs"
        code = _CODES.get(error.status_code, "http_error")
        return respond(error.status_code, ErrorBody(code=code, message=message), dict(error.headers or {}))


def _field(location: tuple[int | str, ...]) -> str | None:
    """`("body", "documents", 0, "text")` as `documents[0].text`."""
    name = ""
    for step in location[1:] if location[:1] == ("body",) else location:
        # The branch of a union or a validator, which no caller wrote.
        if (isinstance(step, str) and not step.isidentifier()) or step in ("str", "int", "float"):
            continue
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    return name or None
