"""Batches: each request fails or succeeds on its own, and all of them end with their caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from promptpress.errors import InvalidValue
from promptpress_service.engine.batch import run_batch
from promptpress_service.engine.engine import Engine, EngineOptions
from promptpress_service.failures import Overloaded
from tests.service.engines import open_engine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = await open_engine(Engine, EngineOptions(concurrency=2, max_batch_items=5))
    yield engine
    await engine.close()


async def answer() -> str:
    return "answer"


async def refuse() -> str:
    raise InvalidValue("no", "text")


async def overload() -> str:
    raise Overloaded(1)


async def test_outcomes_come_as_they_finish_and_errors_are_outcomes(engine: Engine) -> None:
    gate = asyncio.Event()

    async def late() -> str:
        await gate.wait()
        return "late"

    found = []
    async with aclosing(run_batch(engine, [late, answer, refuse, overload])) as outcomes:
        async for outcome in outcomes:
            found.append(outcome)
            if len(found) == 3:
                gate.set()
    assert found[-1].index == 0
    by_index = {outcome.index: outcome.answer for outcome in found}
    assert (by_index[0], by_index[1]) == ("late", "answer")
    assert isinstance(by_index[2], InvalidValue)
    assert isinstance(by_index[3], Overloaded)


async def test_no_more_run_at_a_time_than_there_are_slots(engine: Engine) -> None:
    running = most = 0

    async def work() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return "done"

    assert len([outcome async for outcome in run_batch(engine, [work] * 5)]) == 5
    assert most == 3


async def test_too_many_are_refused_before_any_runs(engine: Engine) -> None:
    ran = []

    async def work() -> str:
        ran.append(1)
        return "done"

    with pytest.raises(InvalidValue, match="at most 5 requests in a batch; got 6"):
        [outcome async for outcome in run_batch(engine, [work] * 6)]
    assert not ran


async def test_who_stops_listening_cancels_the_rest(engine: Engine) -> None:
    cancelled = asyncio.Event()

    async def for_ever() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    async with aclosing(run_batch(engine, [for_ever, answer])) as outcomes:
        async for outcome in outcomes:
            assert outcome.answer == "answer"
            break
    assert cancelled.is_set()
