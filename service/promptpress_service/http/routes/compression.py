"""`POST /v1/compress` and its batch form."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from promptpress.errors import CompressionError, InvalidValue
from promptpress.request import CompressionRequest
from promptpress_service.dialects.native import CompressResponse, response_of
from promptpress_service.engine.engine import Engine
from promptpress_service.failures import ServiceFailure
from promptpress_service.http.disconnect import unless_disconnected
from promptpress_service.http.errors import ErrorBody, documented, error_body
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.examples import REQUEST_EXAMPLES
from promptpress_service.observability.records import CompressionRecord, current_record, note_error
from promptpress_service.tenancy.caller import ANYONE

router = APIRouter(route_class=JsonRoute, tags=["compression"])

ERRORS = documented(400, 401, 413, 422, 429, 503)


class BatchRequest(BaseModel):
    """Several requests at once."""

    model_config = ConfigDict(extra="forbid")

    requests: list[dict[str, Any]] = Field(description="Each a body of `POST /v1/compress`.")


class BatchItem(BaseModel):
    """The outcome of one request of a batch: `result` or `error`."""

    index: int
    result: CompressResponse | None = None
    error: ErrorBody | None = None


class BatchResponse(BaseModel):
    """One outcome for each request, in order."""

    results: list[BatchItem]


@router.post(
    "/v1/compress", response_model_exclude_none=True, responses=ERRORS, summary="Compress text, documents or messages"
)
@router.post("/compress", response_model_exclude_none=True, include_in_schema=False)
async def compress(
    body: Annotated[CompressionRequest, Body(openapi_examples=REQUEST_EXAMPLES)], request: Request
) -> CompressResponse:
    """Returns what was sent, in the same shape, within the target."""
    return await unless_disconnected(request, _compress(request, body))


@router.post(
    "/v1/compress/batch", response_model_exclude_none=True, responses=ERRORS, summary="Compress several inputs at once"
)
async def compress_batch(body: BatchRequest, request: Request) -> BatchResponse:
    """Each request succeeds or fails on its own; the batch itself is 200."""
    engine: Engine = request.app.state.engine
    limit = engine.settings.max_batch_items
    if len(body.requests) > limit:
        raise InvalidValue(f"at most {limit} requests in a batch; got {len(body.requests)}", "requests")

    turns = engine.turns()

    async def one(index: int, raw: dict[str, Any]) -> BatchItem:
        try:
            parsed = CompressionRequest.model_validate(raw)
            async with turns:
                result = await _compress(request, parsed)
        except (CompressionError, ValidationError) as error:
            body_of_error = error_body(error)
            note_error(body_of_error.code)
            return BatchItem(index=index, error=body_of_error)
        except ServiceFailure as failure:
            note_error(failure.code)
            return BatchItem(index=index, error=ErrorBody(code=failure.code, message=failure.message))
        return BatchItem(index=index, result=result)

    async def all_of_them() -> list[BatchItem]:
        return await asyncio.gather(*(one(i, raw) for i, raw in enumerate(body.requests)))

    return BatchResponse(results=await unless_disconnected(request, all_of_them()))


async def _compress(request: Request, body: CompressionRequest) -> CompressResponse:
    engine: Engine = request.app.state.engine
    outcome = await engine.compress(body, getattr(request.state, "caller", ANYONE))
    current_record().compressions.append(CompressionRecord.of(outcome.result, body, outcome.queue_ms, outcome.cache))
    return response_of(outcome)
