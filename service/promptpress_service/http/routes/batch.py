"""`POST /v1/compress/batch`: several requests at once, in the native format."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from promptpress_service.dialects.errors import REPORTED, ErrorBody, native_body, report_of
from promptpress_service.dialects.native import NATIVE, CompressResponse, response_of
from promptpress_service.engine.batch import BatchOutcome, run_batch
from promptpress_service.engine.engine import Engine
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.http.context import caller_of, context_of
from promptpress_service.http.disconnect import unless_disconnected
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.compression import ERROR_STATUSES
from promptpress_service.observability.records import note_error

router = APIRouter(route_class=JsonRoute, tags=["compression"])


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
    "/v1/compress/batch",
    operation_id="compressBatch",
    response_model_exclude_none=True,
    responses=NATIVE.documented(*ERROR_STATUSES),
    summary="Compress several inputs at once",
)
async def compress_batch(body: BatchRequest, request: Request) -> BatchResponse:
    """Each request succeeds or fails on its own; the batch itself is 200."""
    engine = context_of(request).engine.get()
    caller = caller_of(request)

    def work(raw: dict[str, Any]) -> Callable[[], Awaitable[CompressResponse]]:
        async def compress() -> CompressResponse:
            return response_of(await engine.compress(ServiceRequest.model_validate(raw), caller))

        return compress

    items = await unless_disconnected(request, _all(engine, [work(raw) for raw in body.requests]))
    return BatchResponse(results=sorted(items, key=lambda item: item.index))


async def _all(engine: Engine, works: list[Callable[[], Awaitable[CompressResponse]]]) -> list[BatchItem]:
    async with aclosing(run_batch(engine, works)) as outcomes:
        return [_item(outcome) async for outcome in outcomes]


def _item(outcome: BatchOutcome[CompressResponse]) -> BatchItem:
    if not isinstance(outcome.answer, REPORTED):
        return BatchItem(index=outcome.index, result=outcome.answer)
    report = report_of(outcome.answer)
    note_error(report.code)
    return BatchItem(index=outcome.index, error=native_body(report))
