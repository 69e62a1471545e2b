"""What routes need of the service, in `app.state.context`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from promptpress_service.cache.originals import OriginalStore
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.engine.health import Readiness
from promptpress_service.tenancy.caller import ANYONE, Caller


@dataclass(frozen=True)
class Context:
    """`readiness` asks how the service is; `tokenizers` are names of those that were added to the built-in ones."""

    engine: EngineHandle
    dialects: DialectTable
    originals: OriginalStore
    readiness: Callable[[], Awaitable[Readiness]]
    max_body_bytes: int
    tokenizers: tuple[str, ...] = ()


def context_of(request: Request) -> Context:
    """What a request's route needs."""
    context: Context = request.app.state.context
    return context


def caller_of(request: Request) -> Caller:
    """Who is asking: found by authentication, or anyone where there is none."""
    caller: Caller = getattr(request.state, "caller", ANYONE)
    return caller
