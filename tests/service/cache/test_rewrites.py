"""Rewrites shared by replicas through a real Redis."""

from collections.abc import Sequence

import pytest

from promptpress import Compressor
from promptpress.backends.loader import ModelLoader
from promptpress.backends.rewriter.cache import LruRewriteCache
from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult
from promptpress_service.cache.rewrites import REWRITES
from promptpress_service.cache.sealing import Sealer
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.shared_cache import SharedCache
from tests.service.redis_server import RedisServer

SECRET = b"s" * 32
WORDY = (
    "It is important to note that the old harbour was, of course, really very busy in those days. "
    "The fishermen, who came from the villages along the coast, basically sold their catch there. "
    "As mentioned above, the traders (most of them from the south) actually paid rather well for it. "
    "In general, the market was quite simply the heart of the town, and people truly loved it. "
)
REQUEST = CompressionRequest(texts=[WORDY], method="scope")


def cache_on(url: str, tenant: str = "t") -> SharedCache[bytes]:
    health = RedisHealth(failures=3, cool_down=60)
    return SharedCache(
        REWRITES,
        LruRewriteCache(),
        parse_redis_url(url),
        Sealer(SECRET),
        SECRET,
        ttl_seconds=60,
        tenant=lambda: tenant,
        timeout=5,
        health=health,
    )


def rewritten(cache: SharedCache[bytes]) -> tuple[CompressionResult, list[bool]]:
    result = Compressor(ModelLoader().models(rewrites=cache)).compress(REQUEST)
    chunks: Sequence[dict[str, object]] = result.method_details["chunks"]
    return result, [bool(chunk.get("cached")) for chunk in chunks if chunk["outcome"] == "shortened"]


def test_a_document_is_rewritten_once_among_replicas(redis_server: RedisServer) -> None:
    replicas = [cache_on(redis_server.url) for _ in range(2)]
    (first, fresh), (second, found) = map(rewritten, replicas)
    assert fresh
    assert not any(fresh)
    assert all(found)
    assert first.texts == second.texts
    with redis_server.client() as client:
        keys = list(client.scan_iter())
        assert keys
        assert all(key.startswith(b"promptpress:rewrites:") and 0 < client.pttl(key) <= 60_000 for key in keys)
    for cache in replicas:
        cache.close()


def test_tenants_do_not_share_rewrites(redis_server: RedisServer) -> None:
    one, other = cache_on(redis_server.url, "one"), cache_on(redis_server.url, "other")
    rewritten(one)
    assert not any(rewritten(other)[1])
    one.close()
    other.close()


@pytest.mark.parametrize("junk", [b"", b"junk", b"[1]", b'["a", [[0]]]', b"{}"])
def test_what_is_no_rewrite_is_a_miss(redis_server: RedisServer, junk: bytes) -> None:
    assert REWRITES.unpack(junk) is None
    cache = cache_on(redis_server.url)
    expected, _ = rewritten(cache)
    with redis_server.client() as client:
        for key in client.scan_iter():
            client.set(key, junk)
    again = cache_on(redis_server.url)
    result, found = rewritten(again)
    assert result.texts == expected.texts
    assert not any(found)
    cache.close()
    again.close()


def test_without_its_redis_a_replica_writes_itself(own_redis: RedisServer) -> None:
    cache = cache_on(own_redis.url)
    expected, _ = rewritten(cache)
    own_redis.kill()
    alone = cache_on(own_redis.url)
    assert rewritten(alone)[0].texts == expected.texts
    cache.close()
    alone.close()
