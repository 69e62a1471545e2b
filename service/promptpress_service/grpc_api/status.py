"""Errors as gRPC tells them: one status code for each status of REST, and the error of REST in the trailing metadata."""

import math
from dataclasses import dataclass

import grpc
import orjson

from promptpress_service.dialects.errors import ErrorBody, native_body, report_of
from promptpress_service.failures import ServiceFailure

ERROR_KEY = "promptpress-error-bin"
RETRY_KEY = "retry-after"

# 413 is what gRPC itself answers to a message over the limit. A budget that cannot be met depends on nothing but the
# request, so it is an invalid argument like every other 422.
STATUS_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}

# A caller's own option name may stand in an error. All metadata of a reply must fit into 8 KiB, percent-encoded.
_MAX_MESSAGE = 300
_MAX_ERROR_BYTES = 2400


class MalformedMessage(ServiceFailure):
    """The bytes are not the message that the method takes."""

    status = 400
    code = "malformed_message"


class NotOffered(ServiceFailure):
    """This server is set up without what was asked for."""

    status = 501
    code = "not_implemented"


@dataclass(frozen=True)
class Refusal:
    """What to end a call with: status code, message, trailing metadata; `error` is the error's own code, as in REST."""

    error: str
    code: grpc.StatusCode
    message: str
    trailing: tuple[tuple[str, str | bytes], ...]


def refusal(error: Exception) -> Refusal:
    """How to tell a client of an error. Anything that is not known to be the caller's or the service's state is INTERNAL."""
    report = report_of(error)
    body = shortened(native_body(report))
    retry: tuple[tuple[str, str | bytes], ...] = ()
    if report.retry_after is not None:
        retry = ((RETRY_KEY, str(math.ceil(report.retry_after))),)
    code = STATUS_CODES.get(report.status, grpc.StatusCode.INTERNAL)
    return Refusal(body.code, code, body.message, ((ERROR_KEY, _encoded(body)), *retry))


def http_status(error: BaseException) -> int:
    """The status that REST answers the same error with."""
    return report_of(error).status if isinstance(error, Exception) else 500


def shortened(body: ErrorBody) -> ErrorBody:
    """The error with a message and a field of bounded length."""
    message = body.message if len(body.message) <= _MAX_MESSAGE else f"{body.message[: _MAX_MESSAGE - 1]}…"
    return body.model_copy(update={"message": message, "field": body.field and body.field[:_MAX_MESSAGE]})


def _encoded(body: ErrorBody) -> bytes:
    encoded = orjson.dumps(body.model_dump(exclude_none=True))
    if len(encoded) <= _MAX_ERROR_BYTES:
        return encoded
    return orjson.dumps(body.model_dump(exclude_none=True, exclude={"details"}))
