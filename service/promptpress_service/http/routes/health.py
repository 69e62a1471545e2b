"""Probes."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from promptpress_service.http.context import context_of

router = APIRouter(tags=["health"])


class Worker(BaseModel):
    """One of several processes behind the same port."""

    worker: int
    pid: int
    status: str = Field(description="`loading`, `ready`, `draining`, `failed` or `stopped`")


class Health(BaseModel):
    """Whether the service can be asked, and why not."""

    status: str
    detail: str | None = None
    warnings: list[str] | None = None
    redis: dict[str, object] | None = None
    workers: list[Worker] | None = Field(None, description="Where several processes serve")


_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": Health, "description": "Not ready; `status` and `detail` say why"}
}


@router.get("/livez", operation_id="checkLiveness", response_model_exclude_none=True, summary="The process is alive")
async def livez() -> Health:
    """Answers as long as the event loop does."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="checkReadiness",
    response_model_exclude_none=True,
    responses=_NOT_READY,
    summary="The default method is warm",
)
@router.get("/health", response_model_exclude_none=True, include_in_schema=False)
async def readyz(request: Request, response: Response) -> Health:
    """503 until the models are loaded and have run once, in every worker where there are several."""
    found = await context_of(request).readiness()
    if not found.ready:
        response.status_code = 503
    workers = None
    if found.workers is not None:
        workers = [Worker(worker=each.worker, pid=each.pid, status=each.status) for each in found.workers]
    return Health(status=found.status, detail=found.detail, warnings=found.warnings, redis=found.redis, workers=workers)


_PROBES: dict[str, Callable[..., Awaitable[Health]]] = {"/livez": livez, "/readyz": readyz, "/health": readyz}
for _path, _probe in _PROBES.items():
    router.add_api_route(_path, _probe, methods=["HEAD"], include_in_schema=False, response_model_exclude_none=True)
