"""Requests that compress nothing count against the limits of their tenant too."""

from fastapi import Request

from promptpress_service.engine.engine import Engine
from promptpress_service.tenancy.caller import ANYONE, Caller


async def admitted(request: Request) -> Caller:
    """Who is asking, one request of whom has been counted. Raises RateLimited."""
    engine: Engine = request.app.state.engine
    caller: Caller = getattr(request.state, "caller", ANYONE)
    await engine.admit(caller)
    return caller
