"""Embeddings shared by replicas through a real Redis."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from promptpress import Compressor, build_compressor
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress.backends.loader import ModelLoader
from promptpress.request import CompressionRequest
from promptpress_service.cache.sealing import Sealer
from promptpress_service.cache.vectors import EMBEDDINGS, pack, unpack
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.shared_cache import SharedCache
from tests.conftest import PROSE
from tests.service.redis_server import RedisServer

SECRET = b"s" * 32
VECTORS = PassageVectors(np.arange(12, dtype=np.float16).reshape(3, 4), np.ones(4, dtype=np.float16))


def cache_on(url: str, tenant: str = "t", timeout: float = 5, *keys: bytes) -> SharedCache[PassageVectors]:
    return SharedCache(
        EMBEDDINGS,
        LruVectorCache(1_000_000),
        parse_redis_url(url),
        Sealer(SECRET, keys),
        SECRET,
        ttl_seconds=60,
        tenant=lambda: tenant,
        timeout=timeout,
        health=RedisHealth(failures=3, cool_down=60),
    )


def same(one: PassageVectors | None, other: PassageVectors) -> bool:
    return (
        one is not None
        and one.units.shape == other.units.shape
        and one.passage.shape == other.passage.shape
        and one.units.dtype == one.passage.dtype == np.float16
        and one.units.tobytes() == other.units.tobytes()
        and one.passage.tobytes() == other.passage.tobytes()
    )


@given(
    st.integers(0, 5).flatmap(
        lambda dimension: st.tuples(
            st.integers(0, 4).flatmap(lambda rows: arrays.arrays(np.float16, (rows, dimension))),
            arrays.arrays(np.float16, (dimension,)),
        )
    ),
    st.binary(max_size=40),
)
def test_packing_is_exact(both: tuple[np.ndarray, np.ndarray], junk: bytes) -> None:
    vectors = PassageVectors(*both)
    packed = pack(vectors)
    assert same(unpack(packed), vectors)
    assert unpack(packed[:-1]) is None
    assert unpack(packed + b"\0\0") is None
    assert unpack(junk) is None


def test_replicas_share_vectors_and_tenants_do_not(redis_server: RedisServer) -> None:
    one, other, foreign = (cache_on(redis_server.url, tenant) for tenant in ("t", "t", "u"))
    assert one.get(b"key") is None
    one.put(b"key", VECTORS)
    assert same(other.get(b"key"), VECTORS)
    assert foreign.get(b"key") is None
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        assert 0 < client.pttl(key) <= 60_000
        client.flushall()
    assert same(other.get(b"key"), VECTORS)
    assert other.state().counters["hits"] == 1
    for cache in (one, other, foreign):
        cache.close()


def test_tenants_share_no_memory_either(redis_server: RedisServer) -> None:
    tenant = threading.local()
    tenant.name = "a"
    address = parse_redis_url(redis_server.url)
    cache = SharedCache(
        EMBEDDINGS,
        LruVectorCache(1_000_000),
        address,
        Sealer(SECRET),
        SECRET,
        ttl_seconds=60,
        tenant=lambda: tenant.name,
        timeout=5,
    )
    cache.put(b"key", VECTORS)
    tenant.name = "b"
    assert cache.get(b"key") is None
    tenant.name = "a"
    assert same(cache.get(b"key"), VECTORS)
    cache.close()


def test_tampering_and_rotation_are_misses(redis_server: RedisServer) -> None:
    old, new = b"o" * 32, b"n" * 32
    writer = cache_on(redis_server.url, "t", 5, old)
    writer.put(b"key", VECTORS)
    for keys, found in (((new, old), True), ((new,), False), ((), False)):
        reader = cache_on(redis_server.url, "t", 5, *keys)
        assert (reader.get(b"key") is not None) == found
        reader.close()
    with redis_server.client() as client:
        (key,) = client.scan_iter()
        client.set(key, b"junk")
    reader = cache_on(redis_server.url, "t", 5, old)
    assert reader.get(b"key") is None
    reader.close()
    writer.close()


@pytest.mark.parametrize("trouble", ["kill", "pause"])
def test_a_redis_in_trouble_is_a_miss(own_redis: RedisServer, trouble: str) -> None:
    cache = cache_on(own_redis.url, timeout=0.1)
    cache.put(b"known", VECTORS)
    own_redis.kill() if trouble == "kill" else own_redis.pause()
    for i in range(10):
        assert cache.get(b"%d" % i) is None
    assert cache.state().reads == "open"
    assert cache.state().counters["skipped"] >= 6
    cache.put(b"new", VECTORS)
    assert same(cache.get(b"new"), VECTORS)
    assert same(cache.get(b"known"), VECTORS)
    cache.close()


def test_a_compression_is_the_same_from_any_cache(redis_server: RedisServer) -> None:
    request = CompressionRequest(text=PROSE, query="Which ship did he use?", target_ratio=0.4)
    expected = build_compressor().compress(request).text
    caches = [cache_on(redis_server.url) for _ in range(2)]
    texts = [Compressor(ModelLoader().models(cache)).compress(request).text for cache in caches]
    assert texts == [expected, expected]
    assert caches[0].state().counters["hits"] == 0
    assert caches[1].state().counters["hits"] > 0
    assert caches[1].state().counters["misses"] == 0
    for cache in caches:
        cache.close()
