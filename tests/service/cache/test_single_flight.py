"""Equal work at the same time, in one process and between replicas that share a Redis."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.result_cache import ResultCache
from promptpress_service.cache.sealing import Sealer
from promptpress_service.cache.single_flight import SingleFlight
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.store import RedisStore
from tests.service.cache.codec import AsTheyAre
from tests.service.redis_server import RedisServer
from tests.waiting import eventually_async

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32


def memory_cache() -> ResultCache[bytes]:
    return ResultCache(MemoryStore(10_000_000), Sealer(SECRET), SECRET, 60, AsTheyAre())


class Work:
    """A computation that counts its starts and ends when told to."""

    def __init__(self, *, open_gate: bool = False) -> None:
        self.started = self.cancelled = 0
        self.gate = asyncio.Event()
        if open_gate:
            self.gate.set()

    async def __call__(self) -> bytes:
        self.started += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return b"result"


async def test_500_equal_calls_cost_one_computation() -> None:
    cache, work = memory_cache(), Work()
    calls = [asyncio.create_task(cache.get_or_compute("t", ["x"], work)) for _ in range(500)]
    await eventually_async(lambda: work.started > 0)
    work.gate.set()
    results = await asyncio.gather(*calls)
    assert work.started == 1
    assert {value for value, _ in results} == {b"result"}
    assert sorted(status for _, status in results) == ["hit"] * 499 + ["miss"]
    assert await cache.get_or_compute("t", ["x"], work) == (b"result", "hit")


async def test_a_cancelled_waiter_leaves_the_others_alone() -> None:
    cache, work = memory_cache(), Work()
    calls = [asyncio.create_task(cache.get_or_compute("t", ["x"], work)) for _ in range(3)]
    await eventually_async(lambda: work.started > 0)
    calls[0].cancel()
    await asyncio.wait([calls[0]])
    assert calls[0].cancelled()
    work.gate.set()
    assert sorted(await asyncio.gather(*calls[1:])) == [(b"result", "hit"), (b"result", "miss")]
    assert (work.started, work.cancelled) == (1, 0)


async def test_when_all_have_gone_the_work_stops_and_a_newcomer_starts_afresh() -> None:
    cache, work = memory_cache(), Work()
    calls = [asyncio.create_task(cache.get_or_compute("t", ["x"], work)) for _ in range(3)]
    await eventually_async(lambda: work.started > 0)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    again = asyncio.create_task(cache.get_or_compute("t", ["x"], work))
    await eventually_async(lambda: work.cancelled == 1 and work.started == 2)
    work.gate.set()
    assert await again == (b"result", "miss")


async def test_a_failure_reaches_every_waiter_and_is_not_kept() -> None:
    cache = memory_cache()
    gate = asyncio.Event()

    async def fail() -> bytes:
        await gate.wait()
        raise LookupError("no")

    calls = [asyncio.create_task(cache.get_or_compute("t", ["x"], fail)) for _ in range(20)]
    await asyncio.sleep(0.01)
    gate.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, LookupError) for outcome in outcomes)
    assert await cache.get_or_compute("t", ["x"], Work(open_gate=True)) == (b"result", "miss")


async def test_a_failure_after_everyone_has_gone_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    cache = memory_cache()
    started = asyncio.Event()

    async def fail_when_cancelled() -> bytes:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise LookupError("the prompt") from None
        return b""

    call = asyncio.create_task(cache.get_or_compute("t", ["x"], fail_when_cancelled))
    await started.wait()
    call.cancel()
    await asyncio.wait([call])
    await asyncio.sleep(0.01)
    assert "the prompt" not in caplog.text


class Replica:
    """What one process has: a connection, a flight, a cache."""

    def __init__(self, server: RedisServer, lock_seconds: float = 2.0, longest_wait: float = 60.0) -> None:
        self.store = RedisStore(parse_redis_url(server.url), timeout=30)
        flight: SingleFlight[bytes] = SingleFlight(self.store, lock_seconds, longest_wait, pause=0.005)
        self.cache = ResultCache(self.store, Sealer(SECRET), SECRET, 60, AsTheyAre(), flight=flight)

    def ask(self, work: Callable[[], Awaitable[bytes]]) -> "asyncio.Task[tuple[bytes, str]]":
        return asyncio.create_task(self.cache.get_or_compute("t", ["x"], work))

    async def __aenter__(self) -> "Replica":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()


async def test_500_equal_calls_at_two_replicas_cost_one_computation(redis_server: RedisServer) -> None:
    async with Replica(redis_server, lock_seconds=6) as one, Replica(redis_server, lock_seconds=6) as other:
        work = Work()
        calls = [replica.ask(work) for _ in range(250) for replica in (one, other)]
        await eventually_async(lambda: work.started > 0)
        with redis_server.client() as client:
            (lock,) = client.scan_iter(match="*:lock")
            client.pexpire(lock, 60_000)
            # Its holder renews it, or it would outlive what is written above.
            await eventually_async(lambda: 0 < client.pttl(lock) <= 6_000)
        work.gate.set()
        results = await asyncio.gather(*calls)
        assert work.started == 1
        assert sorted(status for _, status in results) == ["hit"] * 499 + ["miss"]
        with redis_server.client() as client:
            assert [key for key in client.scan_iter() if key.endswith(b":lock")] == []


async def test_a_holder_that_died_is_replaced(redis_server: RedisServer) -> None:
    async with Replica(redis_server, lock_seconds=0.2) as dead, Replica(redis_server, lock_seconds=0.2) as alive:
        work = Work()
        stuck = dead.ask(work)
        await eventually_async(lambda: work.started == 1)
        with redis_server.client() as client:
            (lock,) = client.scan_iter(match="*:lock")
            stuck.cancel()
            await eventually_async(lambda: client.exists(lock) == 0)
            # As after a crash: the lock stays behind, and nobody renews it.
            client.set(lock, b"of the dead", px=200)
        assert await alive.ask(Work(open_gate=True)) == (b"result", "miss")


async def test_a_holder_that_takes_too_long_is_not_waited_for(redis_server: RedisServer) -> None:
    async with Replica(redis_server) as slow, Replica(redis_server, longest_wait=0.1) as other:
        slow_work = Work()
        waiting = slow.ask(slow_work)
        await eventually_async(lambda: slow_work.started == 1)
        assert await other.ask(Work(open_gate=True)) == (b"result", "miss")
        slow_work.gate.set()
        assert await waiting == (b"result", "miss")


async def test_a_failure_at_one_replica_lets_the_other_try(redis_server: RedisServer) -> None:
    async with Replica(redis_server) as one, Replica(redis_server) as other:
        gate, started = asyncio.Event(), asyncio.Event()

        async def fail() -> bytes:
            started.set()
            await gate.wait()
            raise LookupError("no")

        failing = one.ask(fail)
        await started.wait()
        waiting = other.ask(Work(open_gate=True))
        gate.set()
        with pytest.raises(LookupError):
            await failing
        assert await waiting == (b"result", "miss")


async def test_cancelled_work_gives_its_lock_back(redis_server: RedisServer) -> None:
    async with Replica(redis_server, lock_seconds=60) as one, Replica(redis_server) as other:
        work = Work()
        call = one.ask(work)
        await eventually_async(lambda: work.started == 1)
        call.cancel()
        assert await other.ask(Work(open_gate=True)) == (b"result", "miss")
        assert work.cancelled == 1


async def test_redis_dies_while_replicas_wait(own_redis: RedisServer) -> None:
    async with Replica(own_redis) as one, Replica(own_redis) as other:
        work, other_work = Work(), Work(open_gate=True)
        first = one.ask(work)
        await eventually_async(lambda: work.started == 1)
        second = other.ask(other_work)
        own_redis.kill()
        assert await second == (b"result", "miss")
        work.gate.set()
        assert await first == (b"result", "miss")
