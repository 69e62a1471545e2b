"""Originals: same tenant only, for a while, and from any replica; and the routes that give them back."""

import pytest

from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.originals import Original, OriginalStore
from promptpress_service.cache.sealing import Sealer
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.store import RedisStore
from tests.conftest import PROSE
from tests.service.redis_server import RedisServer

SECRET = b"s" * 32
KEY = b"k" * 32


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def originals_in(clock: Clock, max_bytes: int = 1_000_000) -> OriginalStore:
    return OriginalStore(MemoryStore(max_bytes, clock), Sealer(SECRET), SECRET, 60)


@pytest.mark.anyio
async def test_only_its_tenant_gets_an_original_back() -> None:
    originals = originals_in(Clock())
    name = await originals.put("a", PROSE, 99)
    assert name is not None
    assert len(name) == 24
    assert await originals.get("a", name) == Original(name, PROSE, 99)
    assert await originals.get("b", name) is None
    other = await originals.put("b", PROSE, 99)
    assert other != name
    assert await originals.put("a", PROSE, 99) == name


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", "0" * 24, "0" * 12, "Z" * 24, "0" * 23 + "A", "0" * 25, "*"])
async def test_unknown_and_malformed_hashes_have_nothing(name: str) -> None:
    assert await originals_in(Clock()).get("a", name) is None


@pytest.mark.anyio
async def test_every_use_lets_it_live_longer() -> None:
    clock = Clock()
    originals = originals_in(clock)
    name = await originals.put("a", PROSE, 99)
    assert name is not None
    for _ in range(3):
        clock.now += 59
        assert await originals.get("a", name) is not None
    clock.now += 60
    assert await originals.get("a", name) is None


@pytest.mark.anyio
async def test_what_was_not_stored_has_no_hash() -> None:
    assert await originals_in(Clock(), 100).put("a", PROSE, 99) is None


@pytest.mark.anyio
async def test_replicas_share_originals_and_redis_cannot_read_them(redis_server: RedisServer) -> None:
    stores = [RedisStore(parse_redis_url(redis_server.url), 5) for _ in range(2)]
    one, other = (OriginalStore(store, Sealer(SECRET, [KEY]), SECRET, 600) for store in stores)
    name = await one.put("acme", PROSE, 99)
    assert name is not None
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        client.pexpire(key, 5000)
        assert await other.get("acme", name) == Original(name, PROSE, 99)
        assert client.pttl(key) > 590_000
        stored = redis_server.dump()
        assert name.encode() not in stored
        assert not [word for word in PROSE.split() if len(word) > 3 and word.encode() in stored]
        client.set(key, b"tampered")
    assert await other.get("acme", name) is None
    for store in stores:
        await store.close()
