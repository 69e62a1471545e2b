"""Probes."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether the service can be asked, and why not."""

    status: str
    detail: str | None = None
    warnings: list[str] | None = None
    redis: dict[str, object] | None = None


@router.get("/livez", response_model_exclude_none=True, summary="The process is alive")
async def livez() -> Health:
    """Answers as long as the event loop does."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses={503: {"model": Health, "description": "Not ready; `status` and `detail` say why"}},
    summary="The default method is warm",
)
@router.get("/health", response_model_exclude_none=True, include_in_schema=False)
async def readyz(request: Request, response: Response) -> Health:
    """503 until the models are loaded and have run once."""
    engine = request.app.state.engine
    engine.show_stores()
    storage = engine.storage
    state = storage.state if storage else None
    redis = {"healthy": state.healthy, "last_error": state.last_error} if state else None
    warnings = [warning for warning in (request.app.state.keys.warning,) if warning]
    if engine.limits and engine.limits.degraded:
        warnings.append("rate limits are counted in this process alone while Redis does not answer")
    if engine.ready and not (engine.settings.redis_required and not await storage.reachable()):
        return Health(status="ok", warnings=warnings or None, redis=redis)
    response.status_code = 503
    if engine.failure:
        return Health(status="failed", detail=engine.failure, redis=redis)
    status = "draining" if engine.draining else "waiting for Redis" if engine.ready else "loading"
    return Health(status=status, redis=redis)
