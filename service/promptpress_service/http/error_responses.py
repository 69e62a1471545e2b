"""Every error over HTTP, in the words of the dialect that its path belongs to."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from promptpress.errors import CompressionError
from promptpress_service.dialects.errors import ErrorReport, report_of, report_of_validation
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.failures import ServiceFailure
from promptpress_service.http.paths import route_path
from promptpress_service.observability.records import note_error

_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def respond(dialects: DialectTable, path: str, report: ErrorReport) -> Response:
    """The response to a request for `path` that failed; the error is noted in its record."""
    note_error(report.code)
    reply = dialects.of(path).encode_error(report)
    return Response(reply.body, reply.status, dict(reply.headers), media_type="application/json")


def install(app: FastAPI, dialects: DialectTable) -> None:
    """Register the handlers."""

    def answer(request: Request, report: ErrorReport) -> Response:
        return respond(dialects, route_path(request.scope), report)

    @app.exception_handler(CompressionError)
    async def _compression(request: Request, error: CompressionError) -> Response:
        return answer(request, report_of(error))

    @app.exception_handler(ServiceFailure)
    async def _failure(request: Request, error: ServiceFailure) -> Response:
        return answer(request, report_of(error))

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return answer(request, report_of_validation(error.errors()))

    @app.exception_handler(ValidationError)
    async def _decoding(request: Request, error: ValidationError) -> Response:
        return answer(request, report_of(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        message = str(error.detail)
        if error.status_code == HTTPStatus.NOT_FOUND:
            message = f"no such path: {request.url.path[:200]}; see /docs"
        code = _CODES.get(error.status_code, "http_error")
        return answer(request, ErrorReport(error.status_code, code, message, headers=dict(error.headers or {})))
