"""`POST /v1/compress` and its batch form."""

import asyncio
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compressors.errors import CompressionError, InvalidValue
from compressors.request import CompressionRequest
from compressors.result import CompressionResult, TimingMs
from service.disconnect import unless_disconnected
from service.engine import Engine
from service.errors import ErrorBody, ErrorResponse, error_body
from service.failures import ServiceFailure
from service.json_body import JsonRoute
from service.routes.examples import REQUEST_EXAMPLES

router = APIRouter(route_class=JsonRoute, tags=["compression"])

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The body is not JSON"},
    429: {"model": ErrorResponse, "description": "Too many requests wait; `Retry-After` says when to try again"},
    413: {"model": ErrorResponse, "description": "The body is too large"},
    422: {"model": ErrorResponse, "description": "A value is not allowed; the error names the field"},
    503: {"model": ErrorResponse, "description": "The models are still loading"},
}


class ServiceTimingMs(TimingMs):
    """Milliseconds by stage; `queue` is the wait for a thread."""

    queue: float


class CompressResponse(CompressionResult):
    """The compressed input, in the shape it was sent, with its receipt."""

    id: str
    cache: str = Field("off", description="`hit`, `miss`, or `off` where no result cache is set up")
    timing_ms: ServiceTimingMs
    tokens_before: int | None = Field(None, description="With `messages`, the counts are repeated at top level")
    tokens_after: int | None = None
    tokens_saved: int | None = None
    compression_ratio: float | None = None
    transforms_applied: list[str] | None = None
    ccr_hashes: list[str] | None = None


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
    "/v1/compress", response_model_exclude_none=True, responses=_ERRORS, summary="Compress text, documents or messages"
)
@router.post("/compress", response_model_exclude_none=True, include_in_schema=False)
async def compress(
    body: Annotated[CompressionRequest, Body(openapi_examples=REQUEST_EXAMPLES)], request: Request
) -> CompressResponse:
    """Returns what was sent, in the same shape, within the target."""
    return await unless_disconnected(request, _compress(request.app.state.engine, body))


@router.post(
    "/v1/compress/batch", response_model_exclude_none=True, responses=_ERRORS, summary="Compress several inputs at once"
)
async def compress_batch(body: BatchRequest, request: Request) -> BatchResponse:
    """Each request succeeds or fails on its own; the batch itself is 200."""
    engine: Engine = request.app.state.engine
    limit = engine.settings.max_batch_items
    if len(body.requests) > limit:
        raise InvalidValue(f"at most {limit} requests in a batch; got {len(body.requests)}", "requests")

    async def one(index: int, raw: dict[str, Any]) -> BatchItem:
        try:
            result = await _compress(engine, CompressionRequest.model_validate(raw))
        except (CompressionError, ValidationError) as error:
            return BatchItem(index=index, error=error_body(error))
        except ServiceFailure as failure:
            return BatchItem(index=index, error=ErrorBody(code=failure.code, message=failure.message))
        return BatchItem(index=index, result=result)

    async def all_of_them() -> list[BatchItem]:
        return await asyncio.gather(*(one(i, raw) for i, raw in enumerate(body.requests)))

    return BatchResponse(results=await unless_disconnected(request, all_of_them()))


async def _compress(engine: Engine, body: CompressionRequest) -> CompressResponse:
    outcome = await engine.compress(body)
    result = outcome.result
    fields = {name: getattr(result, name) for name in CompressionResult.model_fields}
    fields["timing_ms"] = ServiceTimingMs(queue=round(outcome.queue_ms, 3), **result.timing_ms.model_dump())
    response = CompressResponse.model_construct(**fields, id=f"cmp_{uuid.uuid4().hex}", cache=outcome.cache)
    if result.messages is not None:
        response.tokens_before = result.usage.tokens_before
        response.tokens_after = result.usage.tokens_after
        response.tokens_saved = result.usage.tokens_saved
        response.compression_ratio = result.usage.ratio
        response.transforms_applied = [f"promptpress:{result.method}"] if result.status == "compressed" else []
        response.ccr_hashes = []
    return response
