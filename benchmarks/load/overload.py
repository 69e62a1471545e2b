"""Twice as many requests as the service can answer: does it stay fast for those it accepts, and small?"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.load.generator import closed_loop, open_loop
from benchmarks.load.http_client import HttpConnection
from benchmarks.load.prompts import http_requests
from benchmarks.load.servers import Service
from benchmarks.load.timing import Load

FACTOR = 2.0
_LOW = 0.2
_WAIT_SHARE = 0.3
_CLIENTS = 3
_CAPACITY_SECONDS = 10
_DRAIN_SECONDS = 10


@dataclass(frozen=True)
class Overload:
    """`memory` is (seconds, MB) from the start of the overload; `queued` what waits afterwards, by the metrics."""

    capacity: Load
    low: Load
    high: Load
    max_wait_ms: int
    memory: list[tuple[float, float]]
    queued: float

    @property
    def slowdown(self) -> float:
        """The p99 of accepted requests by the p99 at low load."""
        return self.high.milliseconds(0.99) / self.low.milliseconds(0.99)

    @property
    def excess(self) -> float:
        """Requests that came by requests that were accepted: whether it was an overload at all."""
        return len(self.high.requests) / max(1, sum(each.answer.status == 200 for each in self.high.requests))

    @property
    def growth(self) -> float:
        """Memory in the last fifth by memory in the second fifth, when all buffers have been needed once."""
        fifth = max(1, len(self.memory) // 5)
        before, after = self.memory[fifth : 2 * fifth] or self.memory, self.memory[-fifth:]
        return max(mb for _, mb in after) / max(mb for _, mb in before)

    def figures(self) -> dict[str, object]:
        """For the report."""
        return {
            "capacity": self.capacity.summary(),
            "low_load": self.low.summary(),
            "overload": self.high.summary(),
            "refused": sum(each.answer.status == 429 for each in self.high.requests),
            "max_wait_ms": self.max_wait_ms,
            "excess": round(self.excess, 2),
            "slowdown_p99": round(self.slowdown, 3),
            "memory_mb": [(round(at, 1), round(mb, 1)) for at, mb in self.memory],
            "memory_growth": round(self.growth, 4),
            "queued_afterwards": self.queued,
        }


async def measure(seconds: float, say: Callable[[str], None]) -> Overload:
    """Find the capacity with clients enough to keep it busy; then low load and overload, `seconds` each.

    The overloaded service is told to let requests wait for part of what one takes at low load: an operator who wants that
    answers stay fast rather than that bursts are served sets `PROMPTPRESS_MAX_WAIT_MS` so.
    """
    with Service() as service:
        connect = _connect(service)
        capacity = await closed_loop(connect, http_requests(), _CLIENTS, _CAPACITY_SECONDS)
        say(f"overload: {capacity.throughput:.1f} requests a second are its capacity; {_LOW:.0%} of it for {seconds:.0f} s")
        low = await open_loop(connect, http_requests(), _LOW * capacity.throughput, seconds)
    max_wait_ms = max(1, round(_WAIT_SHARE * low.milliseconds(0.99)))
    say(f"overload: p99 {low.milliseconds(0.99):.0f} ms at low load; {FACTOR:g} times the capacity for {seconds:.0f} s")
    with Service({"PROMPTPRESS_MAX_WAIT_MS": str(max_wait_ms)}) as service:
        memory: list[tuple[float, float]] = []
        watching = asyncio.create_task(_watch(service, memory))
        high = await open_loop(_connect(service), http_requests(), FACTOR * capacity.throughput, seconds)
        watching.cancel()
        return Overload(capacity, low, high, max_wait_ms, memory, await _queued(service))


def _connect(service: Service) -> Callable[[], Awaitable[HttpConnection]]:
    async def connect() -> HttpConnection:
        return await HttpConnection.open(service.port)

    return connect


async def _watch(service: Service, memory: list[tuple[float, float]]) -> None:
    started = time.perf_counter()
    while True:
        memory.append((time.perf_counter() - started, service.memory_mb()))
        await asyncio.sleep(0.25)


async def _queued(service: Service) -> float:
    """What waits or runs, once it is nothing or the time for that is over. This question is no request of its own."""
    until = time.monotonic() + _DRAIN_SECONDS
    while True:
        left = service.metric("promptpress_queue_depth_requests") + service.metric("promptpress_in_flight_requests")
        if not left or time.monotonic() > until:
            return left
        await asyncio.sleep(0.2)
