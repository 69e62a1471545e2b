"""What requests share of their work, between replicas: memory in front of Redis. Called from the threads that compress."""

import threading
from collections.abc import Callable
from typing import Any, Generic

from promptpress.runtime.lru import LruCache
from promptpress_service.cache.backend import StoreState
from promptpress_service.cache.cache_keys import cache_key, digest
from promptpress_service.cache.layers import Layer, ValueT
from promptpress_service.cache.sealing import Sealer
from promptpress_service.redis.address import RedisAddress, SyncClient
from promptpress_service.redis.health import RedisHealth


class SharedCache(Generic[ValueT]):
    """A cache in two levels; a Redis that is not well is a miss. Safe to share between threads.

    `tenant` names the tenant on whose behalf the calling thread works: entries of both levels are kept apart by it.
    """

    def __init__(
        self,
        layer: Layer[ValueT],
        l1: LruCache[ValueT],
        address: RedisAddress,
        sealer: Sealer,
        secret: bytes,
        *,
        ttl_seconds: float,
        tenant: Callable[[], str],
        timeout: float = 0.25,
        max_value_bytes: int = 8 * 1024 * 1024,
        health: RedisHealth | None = None,
    ) -> None:
        self._layer = layer
        self._l1 = l1
        self._address = address
        self._sealer = sealer
        self._secret = secret
        self._ttl_ms = max(1, round(ttl_seconds * 1000))
        self._tenant = tenant
        self._timeout = timeout
        self._max_value_bytes = max_value_bytes
        self._health = health or RedisHealth()
        self._client: SyncClient | None = None
        self._connecting = threading.Lock()

    def get(self, key: bytes) -> ValueT | None:
        """The value stored under `key`, if it still is."""
        tenant = self._tenant()
        l1_key = digest(self._secret, self._layer.name, tenant, key)
        value = self._l1.get(l1_key)
        if value is not None:
            return value
        l2_key = cache_key(self._secret, self._layer.name, tenant, key)
        answered, envelope = self._ask(lambda client: client.get(l2_key), write=False)
        packed = self._sealer.open(l2_key, envelope) if isinstance(envelope, bytes) else None
        value = self._layer.unpack(packed) if packed is not None else None
        if answered:
            self._health.count("misses" if value is None else "hits")
        if value is not None:
            self._l1.put(l1_key, value)
        return value

    def put(self, key: bytes, value: ValueT) -> None:
        """Store a value; an older entry may go."""
        tenant = self._tenant()
        self._l1.put(digest(self._secret, self._layer.name, tenant, key), value)
        packed = self._layer.pack(value)
        if len(packed) > self._max_value_bytes:
            self._health.count("too_large")
            return
        l2_key = cache_key(self._secret, self._layer.name, tenant, key)
        envelope = self._sealer.seal(l2_key, packed, compress=self._layer.compress)
        self._ask(lambda client: client.set(l2_key, envelope, px=self._ttl_ms), write=True)

    def state(self) -> StoreState:
        """How Redis is doing, see ByteStore.state; the counters leave out what the memory in front answered."""
        return self._health.state()

    def close(self) -> None:
        """Give connections back."""
        if self._client is not None:
            self._client.close()

    def _ask(self, command: Callable[[SyncClient], Any], write: bool) -> tuple[bool, Any]:
        if not self._health.admits(write):
            return False, None
        try:
            value = command(self._connected())
        except Exception as error:  # whatever the client library raises, no request may fail for it
            self._health.failed(error, write)
            return False, None
        self._health.succeeded(write)
        return True, value

    def _connected(self) -> SyncClient:
        with self._connecting:
            if self._client is None:
                self._client = self._address.sync_client(self._timeout)
            return self._client
