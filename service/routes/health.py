"""Probes."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether the service can be asked, and why not."""

    status: str
    detail: str | None = None


@router.get("/livez", response_model_exclude_none=True, summary="The process is alive")
async def livez() -> Health:
    """Answers as long as the event loop does."""
    return Health(status="ok")


@router.get("/readyz", response_model_exclude_none=True, summary="The default method is warm")
@router.get("/health", response_model_exclude_none=True, include_in_schema=False)
async def readyz(request: Request, response: Response) -> Health:
    """503 until the models are loaded and have run once."""
    engine = request.app.state.engine
    if engine.ready:
        return Health(status="ok")
    response.status_code = 503
    return Health(status="failed" if engine.failure else "loading", detail=engine.failure)
