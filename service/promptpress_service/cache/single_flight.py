"""Equal work under way is done once: in this process by a shared task, among replicas by a lock in their store."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from promptpress_service.cache.backend import ByteStore

ValueT = TypeVar("ValueT")

_LONGEST_PAUSE = 0.2


@dataclass
class _Flight(Generic[ValueT]):
    task: "asyncio.Task[tuple[ValueT, bool]]"
    waiters: int = 0
    reported: bool = False


class SingleFlight(Generic[ValueT]):
    """Runs `compute` once for all who ask for the same key at the same time. For one event loop.

    `lock_seconds` is how long the lock outlives a replica that died; its owner renews it. `longest_wait` is how long a
    replica waits for another one's value before it computes its own.
    """

    def __init__(self, store: ByteStore, lock_seconds: float = 2.0, longest_wait: float = 10.0, pause: float = 0.02) -> None:
        self._store = store
        self._lock_seconds = lock_seconds
        self._longest_wait = longest_wait
        self._pause = pause
        self._flights: dict[str, _Flight[ValueT]] = {}

    async def run(
        self,
        key: str,
        load: Callable[[], Awaitable[ValueT | None]],
        compute: Callable[[], Awaitable[ValueT]],
        save: Callable[[ValueT], Awaitable[object]],
    ) -> tuple[ValueT, bool]:
        """The value of `load`, or else of `compute`, which is then given to `save`; and whether it was computed, which of
        those who share a computation only one is told.

        An exception of `compute` reaches all who wait here; other replicas try for themselves. A waiter that is cancelled
        leaves alone; when the last one leaves, the work is cancelled.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(self._lead(key, load, compute, save)))
            flight.task.add_done_callback(_retrieve)
            self._flights[key] = flight
        flight.waiters += 1
        try:
            value, computed = await asyncio.shield(flight.task)
            reported, flight.reported = flight.reported, computed
            return value, computed and not reported
        finally:
            flight.waiters -= 1
            if flight.waiters == 0:
                # Out of the way before the cancelled task ends, so that no newcomer joins it.
                del self._flights[key]
                flight.task.cancel()

    async def _lead(
        self,
        key: str,
        load: Callable[[], Awaitable[ValueT | None]],
        compute: Callable[[], Awaitable[ValueT]],
        save: Callable[[ValueT], Awaitable[object]],
    ) -> tuple[ValueT, bool]:
        value = await load()
        if value is not None:
            return value, False
        if not self._store.shared:
            value = await compute()
            await save(value)
            return value, True
        lock, token = f"{key}:lock", secrets.token_bytes(16)
        taken, value = await self._lock_or_value(lock, token, load)
        if value is not None:
            return value, False
        if not taken:
            value = await compute()
            await save(value)
            return value, True
        async with self._locked(lock, token):
            # Between the look and the lock, another replica may have finished.
            value = await load()
            if value is not None:
                return value, False
            value = await compute()
            await save(value)
            return value, True

    async def _lock_or_value(
        self, lock: str, token: bytes, load: Callable[[], Awaitable[ValueT | None]]
    ) -> tuple[bool, ValueT | None]:
        """The lock, or the value from whoever had it, or neither: the store cannot tell, or it took too long."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._longest_wait
        pause = self._pause
        while (taken := await self._store.set_if_absent(lock, token, self._lock_seconds)) is False:
            if loop.time() >= give_up:
                return False, None
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            value = await load()
            if value is not None:
                return False, value
        return bool(taken), None

    @asynccontextmanager
    async def _locked(self, lock: str, token: bytes) -> AsyncIterator[None]:
        renewal = asyncio.create_task(self._renew(lock))
        try:
            yield
        finally:
            renewal.cancel()
            await self._store.delete_if_equals(lock, token)

    async def _renew(self, lock: str) -> None:
        while True:
            await asyncio.sleep(self._lock_seconds / 3)
            await self._store.touch(lock, self._lock_seconds)


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """Take note of an exception that nobody waits for any more: asyncio would log it with its message."""
    if not task.cancelled():
        task.exception()
