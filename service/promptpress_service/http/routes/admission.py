"""Requests that compress nothing count against the limits of their tenant too."""

from fastapi import Request

from promptpress_service.http.context import caller_of, context_of
from promptpress_service.tenancy.caller import Caller


async def admitted(request: Request) -> Caller:
    """Who is asking, one request of whom has been counted. Raises RateLimited."""
    caller = caller_of(request)
    await context_of(request).engine.get().admit(caller)
    return caller
