"""Errors before they are put into words of a wire format, and the words of the native one."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from promptpress.errors import CompressionError
from promptpress_service.failures import ServiceFailure

REPORTED = (CompressionError, ValidationError, ServiceFailure)
"""Exceptions that a client is told about; all others are errors of the service."""

MEANINGS = {
    400: "The body is not JSON",
    401: "Keys are set, and the request has none that is known",
    404: "Never stored for this key, or expired",
    413: "The body is too large",
    422: "A value is not allowed; the error names the field",
    429: "Too many requests wait, or the tenant's limit is used up; `Retry-After` says when to try again",
    503: "The models are still loading, or a Redis that is required does not answer; `Retry-After` says when to try again",
}


@dataclasses.dataclass(frozen=True)
class ErrorReport:
    """An error that a client is told about.

    `status` is that of HTTP, `code` a word for programs, `field` the place in the request, `retry_after` in seconds.
    `headers` belong into an answer over HTTP whatever its shape; `Retry-After` is added by `http_headers`.
    """

    status: int
    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] | None = None
    retry_after: float | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def http_headers(self) -> dict[str, str]:
        """The headers of an answer over HTTP, `Retry-After` among them."""
        retry = {"Retry-After": str(math.ceil(self.retry_after))} if self.retry_after is not None else {}
        return {**self.headers, **retry}


@dataclasses.dataclass(frozen=True)
class ErrorReply:
    """An error as one wire format answers it over HTTP. `body` is JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ErrorBody(BaseModel):
    """What went wrong, where, and what to do."""

    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] | None = None


class ErrorResponse(BaseModel):
    """The one shape of all errors."""

    error: ErrorBody


def report_of(error: Exception) -> ErrorReport:
    """What a client is told about an error. Never repeats what the caller sent. Anything but `REPORTED` is `internal`."""
    if isinstance(error, CompressionError):
        return ErrorReport(422, error.code, error.message, error.field, error.details or None)
    if isinstance(error, ValidationError):
        return report_of_validation(error.errors())
    if isinstance(error, ServiceFailure):
        return ErrorReport(error.status, error.code, error.message, retry_after=error.retry_after, headers=error.headers)
    return ErrorReport(500, "internal", "internal error")


def report_of_validation(errors: Sequence[Any]) -> ErrorReport:
    """What a client is told about the errors that pydantic found, as its `errors()` lists them."""
    first = errors[0]
    if first["type"] in ("missing", "model_attributes_type") and first["loc"] in (("body",), ()):
        return ErrorReport(422, "invalid_value", "the body must be a JSON object")
    name = _field(first["loc"])
    message = _message(first)
    if first["type"] == "extra_forbidden":
        message = "unknown field"
    others = [{"field": _field(each["loc"]), "message": _message(each)} for each in errors[1:10]]
    return ErrorReport(
        422, "invalid_value", f"{name}: {message}" if name else message, name, {"also": others} if others else None
    )


def native_body(report: ErrorReport) -> ErrorBody:
    """The error as the native format has it."""
    return ErrorBody(code=report.code, message=report.message, field=report.field, details=report.details)


def native_reply(report: ErrorReport) -> ErrorReply:
    """The answer of the native format: `{"error": {"code", "message", "field"?, "details"?}}`."""
    body = orjson.dumps({"error": native_body(report).model_dump(exclude_none=True)})
    return ErrorReply(report.status, body, report.http_headers())


def _message(error: Mapping[str, Any]) -> str:
    message: str = error["msg"]
    return message.removeprefix("Value error, ")


def _field(location: tuple[int | str, ...]) -> str | None:
    """`("body", "documents", 0, "text")` as `documents[0].text`."""
    name = ""
    for step in location[1:] if location[:1] == ("body",) else location:
        # The branch of a union or a validator, which no caller wrote.
        if (isinstance(step, str) and not step.isidentifier()) or step in ("str", "int", "float"):
            continue
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    return name or None
