"""`POST /v1/compress/stream`: one request, with events while it runs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Request
from starlette.responses import StreamingResponse

from promptpress.runtime.progress import Progress
from promptpress_service.dialects.errors import REPORTED, report_of
from promptpress_service.dialects.examples import REQUEST_EXAMPLES
from promptpress_service.dialects.native import NATIVE, response_of
from promptpress_service.engine.batch import Failure, attempt
from promptpress_service.engine.outcome import Outcome
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.http.context import caller_of, context_of
from promptpress_service.http.disconnect import unless_disconnected
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.compression import ERROR_STATUSES
from promptpress_service.observability.records import note_error

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
    **{
        status: {"description": each["description"], "content": _ERROR_BODY}
        for status, each in NATIVE.documented(*ERROR_STATUSES).items()
    },
    200: {
        "description": "Events",
        "content": {"text/event-stream": {"schema": _EVENT, "example": "event: progress\ndata: {...}\n\n"}},
    },
}


class _Stream(StreamingResponse):
    media_type = "text/event-stream"


@router.post(
    "/v1/compress/stream",
    operation_id="compressStream",
    response_class=_Stream,
    responses=_RESPONSES,
    summary="Compress, with progress while it runs",
    description=_DESCRIPTION,
)
async def compress_stream(
    body: Annotated[ServiceRequest, Body(openapi_examples=REQUEST_EXAMPLES)], request: Request
) -> _Stream:
    """See `_DESCRIPTION`."""
    engine = context_of(request).engine.get()
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[Progress | None] = asyncio.Queue()
    work = engine.compress(body, caller_of(request), lambda step: _hand_over(loop, steps, step))
    task = asyncio.create_task(attempt(work))
    task.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        first = await unless_disconnected(request, steps.get())
    except BaseException:
        task.cancel()
        raise
    if first is None and isinstance(error := task.result(), REPORTED):
        # What fails before anything was sent fails as it would without a stream.
        raise error
    return _Stream(_events(first, steps, task), headers={"X-Accel-Buffering": "no"})


async def _events(
    first: Progress | None, steps: "asyncio.Queue[Progress | None]", task: "asyncio.Task[Outcome | Failure]"
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
        outcome = task.result()
        if isinstance(outcome, REPORTED):
            report = report_of(outcome)
            note_error(report.code)
            yield _event("error", NATIVE.encode_error(report).body)
            return
        yield _event("result", NATIVE.dump(response_of(outcome)))
    finally:
        task.cancel()


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _hand_over(loop: asyncio.AbstractEventLoop, steps: "asyncio.Queue[Progress | None]", step: Progress) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(steps.put_nowait, step)
