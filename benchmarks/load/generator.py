"""Load: clients that wait for their answer before they ask again, or arrivals that wait for nobody."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from benchmarks.load.timing import Answer, Load, Timed


class Connection(Protocol):
    """One client's way to a server; one request at a time."""

    @property
    def closed(self) -> bool:
        """Whether the server hung up."""

    async def send(self, request: bytes) -> Answer:
        """The answer."""

    async def close(self) -> None:
        """Hang up."""


Opener = Callable[[], Awaitable[Connection]]


async def closed_loop(connect: Opener, requests: Iterator[bytes], clients: int, seconds: float) -> Load:
    """So many clients, each with a request under way all the time, for about `seconds`."""
    connections = [await connect() for _ in range(clients)]
    timed: list[Timed] = []
    cpu, started = time.process_time(), time.perf_counter()

    async def client(connection: Connection) -> None:
        while (due := time.perf_counter()) - started < seconds:
            answer = await connection.send(next(requests))
            timed.append(Timed(due - started, time.perf_counter() - due, answer))

    await asyncio.gather(*(client(connection) for connection in connections))
    load = Load(timed, time.perf_counter() - started, time.process_time() - cpu)
    for connection in connections:
        await connection.close()
    return load


async def open_loop(connect: Opener, requests: Iterator[bytes], per_second: float, seconds: float) -> Load:
    """Poisson arrivals at a rate, answered or not; a request's time counts from when it was due."""
    idle = [await connect() for _ in range(16)]
    arrivals = random.Random(1)
    timed: list[Timed] = []
    tasks: set[asyncio.Task[None]] = set()
    cpu, started = time.process_time(), time.perf_counter()

    async def ask(due: float, request: bytes) -> None:
        while idle and idle[-1].closed:
            idle.pop()
        connection = idle.pop() if idle else await connect()
        answer = await connection.send(request)
        timed.append(Timed(due, time.perf_counter() - started - due, answer))
        idle.append(connection)

    due = 0.0
    while (due := due + arrivals.expovariate(per_second)) < seconds:
        request = next(requests)
        await asyncio.sleep(max(0.0, started + due - time.perf_counter()))
        task = asyncio.create_task(ask(due, request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    load = Load(timed, time.perf_counter() - started, time.process_time() - cpu)
    for connection in idle:
        await connection.close()
    return load
