"""`POST /v1/compress/stream`: one request, with events while it runs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from promptpress.errors import CompressionError
from promptpress.request import CompressionRequest
from promptpress.runtime.progress import Progress
from promptpress_service.dialects.native import response_of
from promptpress_service.engine.engine import Engine, Outcome
from promptpress_service.failures import ServiceFailure
from promptpress_service.http.disconnect import unless_disconnected
from promptpress_service.http.errors import ErrorBody, error_body
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.compression import ERRORS
from promptpress_service.http.routes.examples import REQUEST_EXAMPLES
from promptpress_service.observability.records import CompressionRecord, RequestRecord, current_record
from promptpress_service.tenancy.caller import ANYONE

router = APIRouter(route_class=JsonRoute, tags=["compression"])

KEEP_ALIVE_SECONDS = 15.0
"""Between comments that keep a quiet connection open through proxies."""
_DESCRIPTION = """Server-sent events: any number of `progress` (`stage`, `done`, `total`, `details`), then one `result` (the
body that `POST /v1/compress` answers) or one `error` (`{"error": ...}`). What fails before the first event has its HTTP
status as there. Only `scope` reports progress, chunk by chunk; for other methods the result is the only event."""
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["progress", "result", "error"]},
        "data": {"type": "string", "description": "JSON"},
    },
    "required": ["event", "data"],
}
_ERROR_BODY = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    # Named by reference: of a model FastAPI would say that it comes as events, like the answer.
    **{status: {"description": each["description"], "content": _ERROR_BODY} for status, each in ERRORS.items()},
    200: {
        "description": "Events",
        "content": {"text/event-stream": {"schema": _EVENT, "example": "event: progress\ndata: {...}\n\n"}},
    },
}


class _Stream(StreamingResponse):
    media_type = "text/event-stream"


@router.post(
    "/v1/compress/stream",
    response_class=_Stream,
    responses=_RESPONSES,
    summary="Compress, with progress while it runs",
    description=_DESCRIPTION,
)
async def compress_stream(
    body: Annotated[CompressionRequest, Body(openapi_examples=REQUEST_EXAMPLES)], request: Request
) -> _Stream:
    """See `_DESCRIPTION`."""
    engine: Engine = request.app.state.engine
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[Progress | None] = asyncio.Queue()
    task = asyncio.create_task(
        engine.compress(
            body,
            getattr(request.state, "caller", ANYONE),
            lambda step: _hand_over(loop, steps, step),
        )
    )
    task.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        first = await unless_disconnected(request, steps.get())
    except BaseException:
        task.cancel()
        raise
    if first is None:
        # What fails before anything was sent fails as it would without a stream.
        task.result()
    return _Stream(_events(first, steps, task, body, current_record()), headers={"X-Accel-Buffering": "no"})


async def _events(
    first: Progress | None,
    steps: "asyncio.Queue[Progress | None]",
    task: "asyncio.Task[Outcome]",
    body: CompressionRequest,
    record: RequestRecord,
) -> AsyncIterator[bytes]:
    step = first
    try:
        while step is not None:
            yield _event("progress", orjson.dumps(step))
            while True:
                try:
                    step = await asyncio.wait_for(steps.get(), KEEP_ALIVE_SECONDS)
                    break
                except TimeoutError:
                    yield b": still working\n\n"
        try:
            outcome = task.result()
        except (CompressionError, ServiceFailure) as error:
            yield _event("error", orjson.dumps({"error": _error(error, record).model_dump(exclude_none=True)}))
            return
        record.compressions.append(CompressionRecord.of(outcome.result, body, outcome.queue_ms, outcome.cache))
        yield _event("result", _json(response_of(outcome)))
    finally:
        task.cancel()


def _error(error: CompressionError | ServiceFailure, record: RequestRecord) -> ErrorBody:
    body = error_body(error) if isinstance(error, CompressionError) else ErrorBody(code=error.code, message=error.message)
    record.error_codes.append(body.code)
    return body


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _json(response: BaseModel) -> bytes:
    return response.model_dump_json(exclude_none=True).encode()


def _hand_over(loop: asyncio.AbstractEventLoop, steps: "asyncio.Queue[Progress | None]", step: Progress) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(steps.put_nowait, step)
