"""Which request runs next: bounded, fair between tenants, and never a small one stuck behind huge ones."""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from promptpress.runtime.cancellation import Cancellation, cancellable
from promptpress_service.failures import Overloaded

BIG = 40_000
"""Characters from which a job is big: about a tenth of a second and more of model time for new text."""
_FIRST_GUESS = 40_000.0
"""Characters a second, until jobs have been timed."""
_TELLING = 1000
"""Characters above which a job's time says something about the next one's; below, it is mostly overhead."""

ResultT = TypeVar("ResultT")


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    size: int
    tenant: str
    cancellation: Cancellation
    future: "asyncio.Future[Any]"
    queued: float = field(default_factory=time.perf_counter)
    waited: float = 0.0

    @property
    def big(self) -> bool:
        return self.size >= BIG


class Scheduler:
    """Runs jobs on `threads` threads, first come first served within a tenant and tenants in turn.

    One thread more than asked for is kept for a job that is not big, while all that run are. At most `queue_size` jobs
    wait, and none is taken that is likely to wait longer than `max_wait` seconds; more are refused with Overloaded.
    `on_change` hears how many jobs wait and how many run. All methods belong to one event loop.
    """

    def __init__(
        self,
        threads: int,
        queue_size: int,
        max_wait: float = math.inf,
        on_change: Callable[[int, int], None] = lambda _waiting, _running: None,
    ) -> None:
        self._on_change = on_change
        self._threads = threads
        self._queue_size = queue_size
        self._max_wait = max_wait
        self._pool = ThreadPoolExecutor(threads + 1, thread_name_prefix="compress")
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()
        self._running: set[_Job] = set()
        self._rate = _FIRST_GUESS
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def depth(self) -> int:
        """Jobs that wait."""
        return sum(len(jobs) for jobs in self._waiting.values())

    @property
    def running(self) -> int:
        """Jobs that run, those nobody waits for any more included until they stop."""
        return len(self._running)

    async def run(
        self, work: Callable[[], ResultT], size: int, tenant: str, cancellation: Cancellation
    ) -> tuple[ResultT, float]:
        """The work's result and the milliseconds it waited for a thread.

        `size` is in characters. Cancelling the caller takes a waiting job out of the queue and asks a running one to stop.
        Raises Overloaded.
        """
        if self.depth >= self._queue_size or self._expected_wait(tenant, size) > self._max_wait:
            raise Overloaded(self._retry_after())
        job = _Job(work, size, tenant, cancellation, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(tenant, deque()).append(job)
        self._idle.clear()
        self._dispatch()
        try:
            result: ResultT = await job.future
        except asyncio.CancelledError:
            cancellation.cancel()
            self._withdraw(job)
            self._changed()
            raise
        return result, 1000 * job.waited

    async def drained(self) -> None:
        """Wait until nothing waits or runs."""
        await self._idle.wait()

    def close(self) -> None:
        """Release the threads; running jobs are asked to stop."""
        for job in self._running:
            job.cancellation.cancel()
        self._pool.shutdown(wait=True)

    def _dispatch(self) -> None:
        while (job := self._next()) is not None:
            self._start(job)
        self._changed()

    def _changed(self) -> None:
        if not self._running and not self._waiting:
            self._idle.set()
        self._on_change(self.depth, self.running)

    def _next(self) -> _Job | None:
        big_allowed = len(self._running) < self._threads
        if not big_allowed and (len(self._running) > self._threads or not all(job.big for job in self._running)):
            return None
        for tenant, jobs in list(self._waiting.items()):
            job = next((job for job in jobs if big_allowed or not job.big), None)
            if job is not None:
                self._withdraw(job)
                if tenant in self._waiting:
                    self._waiting.move_to_end(tenant)
                return job
        return None

    def _withdraw(self, job: _Job) -> None:
        jobs = self._waiting.get(job.tenant)
        if jobs is not None and job in jobs:
            jobs.remove(job)
            if not jobs:
                del self._waiting[job.tenant]

    def _start(self, job: _Job) -> None:
        job.waited = time.perf_counter() - job.queued
        self._running.add(job)
        loop = asyncio.get_running_loop()

        def work() -> Any:
            with cancellable(job.cancellation):
                job.cancellation.check()
                return job.work()

        started = time.perf_counter()
        running = loop.run_in_executor(self._pool, work)
        running.add_done_callback(lambda done: self._finish(job, done, time.perf_counter() - started))

    def _finish(self, job: _Job, done: "asyncio.Future[Any]", seconds: float) -> None:
        self._running.discard(job)
        error = done.exception()
        if error is None and job.size > _TELLING:
            self._rate += 0.1 * (job.size / max(seconds, 1e-4) - self._rate)
        if not job.future.done():
            if error is None:
                job.future.set_result(done.result())
            else:
                job.future.set_exception(error)
        self._dispatch()

    def _expected_wait(self, tenant: str, size: int) -> float:
        """Seconds that a new job is likely to wait behind others. Each other tenant has as many turns before it as its own
        tenant has jobs, so that who floods the queue is refused and the rest are not; and it may pass big ones."""
        turns = len(self._waiting.get(tenant, ())) + 1
        before = (job for jobs in self._waiting.values() for job in islice(jobs, turns))
        ahead = sum(job.size for job in before if size >= BIG or not job.big)
        return ahead / (self._rate * self._threads)

    def _retry_after(self) -> float:
        """Seconds until about half of what waits is done."""
        waiting = sum(job.size for jobs in self._waiting.values() for job in jobs)
        return min(30.0, max(1.0, waiting / 2 / max(self._rate * self._threads, 1.0)))
