import asyncio
import threading
from collections.abc import Callable

import pytest

from promptpress.runtime import cancellation
from promptpress.runtime.cancellation import Cancellation
from promptpress_service.engine.scheduler import BIG, Scheduler
from promptpress_service.failures import Overloaded
from tests.waiting import PATIENCE_SECONDS


def run(scenario: Callable[[Scheduler], object], threads: int = 1, queue_size: int = 100, max_wait: float = 60) -> None:
    async def main() -> None:
        loads = [(0, 0)]
        scheduler = Scheduler(threads, queue_size, max_wait, lambda *load: loads.append(load))
        try:
            await scenario(scheduler)  # type: ignore[misc]
            await scheduler.drained()
            assert loads[-1] == (scheduler.depth, scheduler.running) == (0, 0)
            assert max(running for _, running in loads) <= threads + 1
        finally:
            scheduler.close()

    asyncio.run(main())


def until(gate: threading.Event) -> Callable[[], None]:
    """Work that runs until the gate opens, or it is cancelled."""

    def work() -> None:
        while not gate.wait(0.005):
            cancellation.check()

    return work


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


def test_a_small_job_passes_big_ones() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        gate = threading.Event()
        big = [asyncio.ensure_future(scheduler.run(until(gate), BIG, "a", Cancellation())) for _ in range(3)]
        await settle()
        assert (await scheduler.run(lambda: "done", 10, "a", Cancellation()))[0] == "done"
        assert not any(task.done() for task in big)
        gate.set()
        await asyncio.gather(*big)

    run(scenario)


def test_tenants_take_turns() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        gate, order = threading.Event(), []
        holders = [asyncio.ensure_future(scheduler.run(until(gate), 1, "x", Cancellation())) for _ in range(2)]
        await settle()
        lock = threading.Lock()

        def note(name: str) -> Callable[[], None]:
            def work() -> None:
                with lock:
                    order.append(name)

            return work

        jobs = [scheduler.run(note("a"), BIG, "a", Cancellation()) for _ in range(4)]
        jobs += [scheduler.run(note("b"), BIG, "b", Cancellation())]
        tasks = [asyncio.ensure_future(job) for job in jobs]
        await settle()
        gate.set()
        await asyncio.gather(*holders, *tasks)
        assert order.index("b") <= 2

    run(scenario)


def test_a_full_queue_refuses_with_a_time_to_try_again() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        gate = threading.Event()
        tasks = [asyncio.ensure_future(scheduler.run(until(gate), 1, "a", Cancellation())) for _ in range(3)]
        await settle()
        with pytest.raises(Overloaded) as caught:
            await scheduler.run(lambda: None, 1, "a", Cancellation())
        assert (caught.value.retry_after or 0) >= 1
        gate.set()
        await asyncio.gather(*tasks)
        await scheduler.drained()
        assert (scheduler.depth, scheduler.running) == (0, 0)

    run(scenario, queue_size=2)


def test_a_tenant_whose_jobs_would_wait_long_is_refused_and_others_are_not() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        gate = threading.Event()

        def job(tenant: str) -> "asyncio.Future[object]":
            return asyncio.ensure_future(scheduler.run(until(gate), BIG - 1, tenant, Cancellation()))

        tasks = [job("greedy") for _ in range(4)]
        await settle()
        with pytest.raises(Overloaded):
            await job("greedy")
        tasks.append(job("modest"))
        await settle()
        assert scheduler.depth == 4
        gate.set()
        await asyncio.gather(*tasks)

    run(scenario, max_wait=2.5)


def test_cancelling_frees_the_thread() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        never = threading.Event()
        tasks = [asyncio.ensure_future(scheduler.run(until(never), 1, "a", Cancellation())) for _ in range(5)]
        await settle()
        assert scheduler.depth == 4
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(scheduler.drained(), PATIENCE_SECONDS)
        assert (await scheduler.run(lambda: 1, 1, "a", Cancellation()))[0] == 1

    run(scenario)


def test_an_error_reaches_its_caller_and_nobody_else() -> None:
    async def scenario(scheduler: Scheduler) -> None:
        def fail() -> None:
            raise ValueError("mine")

        with pytest.raises(ValueError, match="mine"):
            await scheduler.run(fail, 1, "a", Cancellation())
        assert (await scheduler.run(lambda: 2, 1, "a", Cancellation()))[0] == 2

    run(scenario)
