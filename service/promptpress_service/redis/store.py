"""The store that replicas share: Redis or Valkey, and nothing worse than a miss when it is not well."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError

from promptpress_service.cache.backend import StoreState
from promptpress_service.redis.address import AsyncClient, RedisAddress, close
from promptpress_service.redis.health import RedisHealth

_T = TypeVar("_T")

_DELETE_IF_EQUALS = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class RedisStore:
    """Entries in Redis. For one event loop. See ByteStore for the methods; none raises whatever Redis does.

    `timeout` is all that one operation may take, connecting included; `concurrency` how many run at once, and so the most
    connections. Commands a restricted user needs: get, set, pexpire, eval, del, ping.
    """

    shared = True

    def __init__(
        self,
        address: RedisAddress,
        timeout: float = 0.25,
        max_value_bytes: int = 8 * 1024 * 1024,
        concurrency: int = 64,
        health: RedisHealth | None = None,
    ) -> None:
        self._client: AsyncClient = address.async_client(timeout)
        self._timeout = timeout
        self._max_value_bytes = max_value_bytes
        self._slots = asyncio.Semaphore(concurrency)
        self._health = health or RedisHealth()

    async def get(self, key: str) -> bytes | None:
        """See ByteStore.get."""
        answered, value = await self._ask(self._client.get, key)
        if answered:
            self._health.count("misses" if value is None else "hits")
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> bool:
        """See ByteStore.set. A value larger than `max_value_bytes` is not stored."""
        if len(value) > self._max_value_bytes:
            self._health.count("too_large")
            return False
        _, stored = await self._ask(self._client.set, key, value, px=_milliseconds(ttl_seconds), write=True)
        return bool(stored)

    async def touch(self, key: str, ttl_seconds: float) -> bool:
        """See ByteStore.touch."""
        _, touched = await self._ask(self._client.pexpire, key, _milliseconds(ttl_seconds), write=True)
        return bool(touched)

    async def set_if_absent(self, key: str, value: bytes, ttl_seconds: float) -> bool | None:
        """See ByteStore.set_if_absent."""
        answered, stored = await self._ask(self._client.set, key, value, px=_milliseconds(ttl_seconds), nx=True, write=True)
        return bool(stored) if answered else None

    async def delete_if_equals(self, key: str, value: bytes) -> bool:
        """See ByteStore.delete_if_equals."""
        _, deleted = await self._ask(self._client.eval, _DELETE_IF_EQUALS, 1, key, value, write=True)
        return bool(deleted)

    async def check(self) -> bool:
        """See ByteStore.check."""
        answered, _ = await self._ask(self._client.ping)
        return answered

    def state(self) -> StoreState:
        """See ByteStore.state."""
        return self._health.state()

    async def close(self) -> None:
        """See ByteStore.close."""
        await close(self._client)

    async def _ask(self, command: Any, *arguments: Any, write: bool = False, **options: Any) -> tuple[bool, Any]:
        """Whether Redis answered, and what."""
        if not self._health.admits(write):
            return False, None
        try:
            async with asyncio.timeout(self._timeout), self._slots:
                answer: Awaitable[Any] = command(*arguments, **options)
                value = await answer
        except asyncio.CancelledError:
            self._health.abandoned(write)
            raise
        except Exception as error:  # whatever the client library raises, no request may fail for it
            self._health.failed(error, write)
            if isinstance(error, ReadOnlyError):
                await self._look_up_again()
            return False, None
        self._health.succeeded(write)
        return True, value

    async def _look_up_again(self) -> None:
        """After a failover the old primary is a replica, while its name already leads to the new one: connect anew."""
        if isinstance(self._client, Redis):
            await self._client.connection_pool.disconnect(inuse_connections=False)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
