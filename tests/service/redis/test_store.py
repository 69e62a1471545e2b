"""The Redis store against real servers: well, dead, hanging, full, read-only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.store import RedisStore
from tests.service.redis_server import RedisServer
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def store_for(url: str, timeout: float = 30.0, **options: int) -> AsyncIterator[RedisStore]:
    """Patient by default: a busy test machine is no reason for a miss."""
    store = RedisStore(parse_redis_url(url), timeout, health=RedisHealth(failures=3, cool_down=0.05), **options)
    try:
        yield store
    finally:
        await store.close()


async def until_healthy(store: RedisStore) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not store.state().healthy:
            await store.check()
            await store.set("probe", b"", 1)
            await asyncio.sleep(0.02)


async def test_hit_miss_and_time_to_live(redis_server: RedisServer) -> None:
    async with store_for(redis_server.url) as store:
        assert await store.check()
        assert await store.get("a") is None
        assert await store.set("a", b"\x00\xff", 60)
        assert await store.get("a") == b"\x00\xff"
        with redis_server.client() as client:
            assert 0 < client.pttl("a") <= 60_000
            assert await store.touch("a", 600)
            assert 60_000 < client.pttl("a") <= 600_000
        assert await store.touch("a", 0.001)
        await asyncio.sleep(0.05)
        assert await store.get("a") is None
        assert not await store.touch("a", 1)
        state = store.state()
        assert state.healthy
        assert (state.counters["hits"], state.counters["misses"]) == (1, 2)


async def test_locks(redis_server: RedisServer) -> None:
    async with store_for(redis_server.url) as store:
        assert await store.set_if_absent("l", b"me", 60) is True
        assert await store.set_if_absent("l", b"you", 60) is False
        assert not await store.delete_if_equals("l", b"you")
        assert await store.delete_if_equals("l", b"me")
        assert await store.set_if_absent("l", b"you", 60) is True


async def test_too_large_values_stay_here(redis_server: RedisServer) -> None:
    async with store_for(redis_server.url, max_value_bytes=10) as store:
        assert await store.set("a", bytes(10), 60)
        assert not await store.set("b", bytes(11), 60)
        assert store.state().counters["too_large"] == 1


async def test_many_at_once_share_few_connections(redis_server: RedisServer) -> None:
    async with store_for(redis_server.url, timeout=20.0, concurrency=4) as store:
        stored = await asyncio.gather(*(store.set(f"k{i}", b"%d" % i, 60) for i in range(300)))
        values = await asyncio.gather(*(store.get(f"k{i}") for i in range(300)))
        assert all(stored)
        assert values == [b"%d" % i for i in range(300)]
        with redis_server.client() as client:
            assert len(client.client_list()) <= 5


async def test_killed_and_restarted_under_load(own_redis: RedisServer) -> None:
    async with store_for(own_redis.url) as store:
        wrong: list[bytes] = []
        done = asyncio.Event()

        async def ask(worker: int) -> None:
            while not done.is_set():
                key, value = f"k{worker}", b"v%d" % worker
                await store.set(key, value, 60)
                got = await store.get(key)
                if got not in (value, None):
                    wrong.append(got)
                await asyncio.sleep(0.002)

        async def disturb() -> None:
            for _ in range(2):
                own_redis.kill()
                while store.state().reads == "closed":
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(own_redis.start)
                await until_healthy(store)
                assert await store.set("again", b"yes", 60)
                assert await store.get("again") == b"yes"
            done.set()

        await asyncio.gather(disturb(), *(ask(i) for i in range(32)))
        assert wrong == []
        assert store.state().counters["errors"] > 0
        assert store.state().counters["skipped"] > 0


async def test_nobody_listens(redis_binary: str) -> None:
    async with store_for(RedisServer().url) as store:
        assert not await store.check()
        assert await store.get("a") is None
        assert not await store.set("a", b"1", 1)
        assert await store.set_if_absent("a", b"1", 1) is None
        assert not await store.delete_if_equals("a", b"1")
        assert not await store.touch("a", 1)
        state = store.state()
        assert not state.healthy
        assert state.last_error == "ConnectionError"


async def test_one_that_hangs_is_given_up_and_found_again(own_redis: RedisServer) -> None:
    async with store_for(own_redis.url, timeout=1.0) as store:
        own_redis.pause()
        for _ in range(3):
            assert await store.get("a") is None
        state = store.state()
        assert state.counters["timeouts"] == 3
        assert state.reads != "closed"
        own_redis.resume()
        await until_healthy(store)
        assert await store.get("a") is None
        assert await store.set("a", b"1", 60)
        assert await store.get("a") == b"1"


async def test_answers_do_not_get_mixed_up_after_a_hang(own_redis: RedisServer) -> None:
    async with store_for(own_redis.url, timeout=1.0) as store:
        for i in range(20):
            await store.set(f"k{i}", b"%d" % i, 60)
        own_redis.pause()
        await asyncio.gather(*(store.get(f"k{i}") for i in range(20)))
        own_redis.resume()
        await until_healthy(store)
        assert [await store.get(f"k{i}") for i in range(20)] == [b"%d" % i for i in range(20)]


async def test_a_cancelled_caller_does_not_disturb_the_next(own_redis: RedisServer) -> None:
    async with store_for(own_redis.url) as store:
        await store.set("a", b"1", 60)
        await store.set("b", b"2", 60)
        own_redis.pause()
        waiting = asyncio.create_task(store.get("a"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        own_redis.resume()
        assert await store.get("b") == b"2"
        assert store.state().healthy


async def test_a_full_one_is_still_read(redis_binary: str) -> None:
    with RedisServer("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server:
        async with store_for(server.url) as store:
            assert await store.set("small", b"1", 60)
            stored = [await store.set(f"k{i}", bytes(200_000), 60) for i in range(30)]
            assert not stored[-1]
            state = store.state()
            assert state.counters["refused"] >= 3
            assert (state.healthy, state.reads) == (False, "closed")
            assert state.writes != "closed"
            assert await store.get("small") == b"1"
            with server.client() as client:
                client.flushall()
            await until_healthy(store)


async def test_full_from_the_start(own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)
    async with store_for(own_redis.url) as store:
        assert await store.set_if_absent("l", b"1", 1) is None
        assert await store.get("a") is None
        assert store.state().last_error == "OutOfMemoryError"


async def test_a_read_only_replica_is_read(redis_server: RedisServer) -> None:
    with redis_server.client() as primary:
        primary.set("a", b"1")
    with RedisServer("--replicaof", "127.0.0.1", str(redis_server.port)) as replica:
        async with store_for(replica.url) as store:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await store.get("a") != b"1":
                    await asyncio.sleep(0.02)
            for _ in range(3):
                assert not await store.set("b", b"2", 60)
            assert store.state().writes != "closed"
            assert store.state().last_error == "ReadOnlyError"
            assert await store.get("a") == b"1"


async def test_a_user_with_few_rights(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.execute_command(
            *["ACL", "SETUSER", "app", "on", ">p@ss:w0rd", "~*", "+get", "+set", "+pexpire", "+eval", "+del", "+ping"]
        )
        client.execute_command(*["ACL", "SETUSER", "reader", "on", ">pw", "~*", "+get"])
    host = f"127.0.0.1:{redis_server.port}/0"
    async with store_for(f"redis://app:p%40ss%3Aw0rd@{host}") as store:
        assert await store.check()
        assert await store.set_if_absent("l", b"1", 60)
        assert await store.touch("l", 60)
        assert await store.delete_if_equals("l", b"1")
    async with store_for(f"redis://app:wrong@{host}") as store:
        assert not await store.check()
        assert store.state().last_error == "AuthenticationError"
    async with store_for(f"redis://reader:pw@{host}") as store:
        assert not await store.set("a", b"1", 60)
        assert await store.get("a") is None
        assert store.state().last_error == "NoPermissionError"
        assert store.state().counters["misses"] == 1
