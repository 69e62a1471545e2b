"""Several requests at once, whichever protocol brings them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from promptpress.errors import CompressionError, InvalidValue
from promptpress_service.engine.engine import Engine
from promptpress_service.failures import ServiceFailure

AnswerT = TypeVar("AnswerT")

Failure = CompressionError | ValidationError | ServiceFailure


@dataclass(frozen=True)
class BatchOutcome(Generic[AnswerT]):
    """What came of the request at place `index`: its answer, or what its caller is told."""

    index: int
    answer: AnswerT | Failure


async def attempt(work: Awaitable[AnswerT]) -> AnswerT | Failure:
    """What the work returns, or the error it raises if a caller is to be told about it."""
    try:
        return await work
    except (CompressionError, ValidationError, ServiceFailure) as error:
        return error


async def run_batch(
    engine: Engine, works: Sequence[Callable[[], Awaitable[AnswerT]]]
) -> AsyncGenerator[BatchOutcome[AnswerT], None]:
    """The outcome of each request, as they finish; closing the generator cancels those that still run.

    Raises InvalidValue for more requests than `max_batch_items`. Other errors than those that callers are told about end
    the whole batch.
    """
    limit = engine.options.max_batch_items
    if len(works) > limit:
        raise InvalidValue(f"at most {limit} requests in a batch; got {len(works)}", "requests")
    slots = engine.batch_slots()

    async def one(index: int, work: Callable[[], Awaitable[AnswerT]]) -> BatchOutcome[AnswerT]:
        async with slots:
            return BatchOutcome(index, await attempt(work()))

    running = [asyncio.create_task(one(index, work)) for index, work in enumerate(works)]
    try:
        for finished in asyncio.as_completed(running):
            yield await finished
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
