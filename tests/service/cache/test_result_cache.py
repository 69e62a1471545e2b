"""Values in a store: kept apart by tenant, unreadable, and no worse than absent when they cannot be read."""

import asyncio
from collections import Counter

import pytest

from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.result_cache import ResultCache
from promptpress_service.cache.sealing import Sealer
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.store import RedisStore
from tests.conftest import PROSE
from tests.service.cache.codec import AsTheyAre
from tests.service.redis_server import RedisServer
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32
KEY, OLD_KEY = b"k" * 32, b"o" * 32


async def prose() -> bytes:
    return PROSE.encode()


class Seen(Counter[str]):
    """What was observed, by kind."""

    def __call__(self, result: str) -> None:
        self[result] += 1


def cache_on(
    server: RedisServer, *keys: bytes, timeout: float = 30, ttl: float = 60, seen: Seen | None = None
) -> tuple[RedisStore, ResultCache[bytes]]:
    store = RedisStore(parse_redis_url(server.url), timeout, health=RedisHealth(cool_down=0.05))
    return store, ResultCache(
        store, Sealer(SECRET, keys), SECRET, ttl, AsTheyAre(), observe=seen if seen is not None else Seen()
    )


async def test_without_a_store_everything_is_computed() -> None:
    seen = Seen()
    cache = ResultCache(None, Sealer(SECRET), SECRET, 60, AsTheyAre(), observe=seen)
    assert await cache.get_or_compute("t", [PROSE], prose) == (PROSE.encode(), "off")
    assert seen == {"off": 1}


async def test_hit_miss_and_expiry(redis_server: RedisServer) -> None:
    seen = Seen()
    store, cache = cache_on(redis_server, seen=seen)
    assert (await cache.get_or_compute("t", [PROSE], prose))[1] == "miss"
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        assert 0 < client.pttl(key) <= 60_000
        assert (await cache.get_or_compute("t", [PROSE], prose))[1] == "hit"
        client.pexpire(key, 1)
        await asyncio.sleep(0.05)
    assert (await cache.get_or_compute("t", [PROSE], prose))[1] == "miss"
    assert seen == {"hit": 1, "miss": 2}
    await store.close()


async def test_tenants_layers_and_parts_share_nothing(redis_server: RedisServer) -> None:
    store, cache = cache_on(redis_server)
    scores = ResultCache(store, Sealer(SECRET), SECRET, 60, AsTheyAre(), layer="scores")
    statuses = [
        (await each.get_or_compute(tenant, parts, prose))[1]
        for each in (cache, scores)
        for tenant in ("a", "b")
        for parts in ([PROSE, "v1"], [PROSE, "v2"])
    ]
    assert statuses == ["miss"] * 8
    with redis_server.client() as client:
        assert client.dbsize() == 8
    await store.close()


async def test_nothing_in_redis_can_be_read(redis_server: RedisServer) -> None:
    store, cache = cache_on(redis_server, KEY)

    async def short() -> bytes:
        return b"Amundsen"

    await cache.get_or_compute("acme", [PROSE], prose)
    await cache.get_or_compute("acme", ["Amundsen"], short)
    stored = redis_server.dump()
    with redis_server.client() as client:
        assert client.dbsize() == 2
    for word in {*PROSE.split(), "acme"}:
        if len(word) > 3:
            assert word.encode() not in stored
    await store.close()


async def test_rotation(redis_server: RedisServer) -> None:
    statuses = []
    for keys in ([OLD_KEY], [KEY, OLD_KEY], [KEY]):
        store, cache = cache_on(redis_server, *keys)
        statuses.append((await cache.get_or_compute("t", [PROSE], prose))[1])
        await store.close()
    assert statuses == ["miss", "hit", "miss"]


@pytest.mark.parametrize("keys", [(), (KEY,)])
async def test_a_tampered_value_is_computed_again(redis_server: RedisServer, keys: tuple[bytes, ...]) -> None:
    seen = Seen()
    store, cache = cache_on(redis_server, *keys, seen=seen)
    await cache.get_or_compute("t", [PROSE], prose)
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        for junk in (b"", b"junk", client.get(key)[:-1], client.get(key) + b"x"):
            client.set(key, junk)
            assert await cache.get_or_compute("t", [PROSE], prose) == (PROSE.encode(), "miss")
        client.delete(key)
        client.lpush(key, "another type")
        assert await cache.get_or_compute("t", [PROSE], prose) == (PROSE.encode(), "miss")
    assert seen["error"] >= 4
    await store.close()


async def test_large_values(redis_server: RedisServer) -> None:
    store, cache = cache_on(redis_server, KEY)
    large = bytes(range(256)) * 8192

    async def compute() -> bytes:
        return large

    assert await cache.get_or_compute("t", ["x"], compute) == (large, "miss")
    assert await cache.get_or_compute("t", ["x"], compute) == (large, "hit")
    await store.close()


def fill(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory", 1)
        client.flushall()


def free(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory", 0)


async def test_no_call_fails_whatever_redis_does(own_redis: RedisServer) -> None:
    seen = Seen()
    store, cache = cache_on(own_redis, KEY, timeout=0.2, seen=seen)
    done = asyncio.Event()
    answered = 0

    async def ask(worker: int) -> None:
        nonlocal answered
        turn = 0
        while not done.is_set():
            turn += 1
            text = f"{worker % 8} {turn % 5}"

            async def compute(text: str = text) -> bytes:
                return text.encode()

            value, _ = await cache.get_or_compute("t", [text], compute)
            assert value == text.encode()
            answered += 1
            await asyncio.sleep(0.002)

    async def disturb() -> None:
        for trouble, cure in ((RedisServer.kill, RedisServer.start), (RedisServer.pause, RedisServer.resume), (fill, free)):
            before = answered
            trouble(own_redis)
            while store.state().healthy or answered < before + 200:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(cure, own_redis)
            hits = seen["hit"]
            while not store.state().healthy or seen["hit"] < hits + 100:
                await asyncio.sleep(0.01)
        done.set()

    await asyncio.wait_for(asyncio.gather(disturb(), *(ask(i) for i in range(32))), PATIENCE_SECONDS)
    await store.close()


async def test_a_value_too_large_for_the_store_is_still_returned() -> None:
    cache = ResultCache(MemoryStore(100), Sealer(SECRET), SECRET, 60, AsTheyAre())
    assert [(await cache.get_or_compute("t", ["x"], prose))[1] for _ in range(2)] == ["miss", "miss"]


async def test_what_the_codec_calls_uncacheable_is_returned_and_computed_again() -> None:
    cache = ResultCache(MemoryStore(10_000), Sealer(SECRET), SECRET, 60, AsTheyAre())
    values = iter([b"partial answer", b"answer"])

    async def compute() -> bytes:
        return next(values)

    asked = [await cache.get_or_compute("t", ["x"], compute) for _ in range(3)]
    assert asked == [(b"partial answer", "miss"), (b"answer", "miss"), (b"answer", "hit")]


async def test_bytes_that_the_codec_does_not_know_are_computed_again() -> None:
    seen = Seen()
    cache = ResultCache(MemoryStore(10_000), Sealer(SECRET), SECRET, 60, AsTheyAre(), observe=seen)

    async def old() -> bytes:
        return b"of another version"

    await cache.get_or_compute("t", ["x"], old)
    assert await cache.find("t", ["x"]) is None
    assert await cache.get_or_compute("t", ["x"], prose) == (PROSE.encode(), "miss")
    assert seen == {"miss": 1, "error": 1}


async def test_what_was_found_stays_found_until_it_is_replaced() -> None:
    store = MemoryStore(10_000)
    cache = ResultCache(store, Sealer(SECRET), SECRET, 60, AsTheyAre())
    assert await cache.find("t", ["x"]) is None
    await cache.get_or_compute("t", ["x"], prose)
    found = await cache.find("t", ["x"])
    assert found is not None
    value, entry = found
    assert value == PROSE.encode()
    assert await cache.still_cached(entry)
    await store.set(entry.key, b"something else", 60)
    assert not await cache.still_cached(entry)
