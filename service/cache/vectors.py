"""Embeddings that replicas share: memory in front, Redis behind. Called from the threads that compress."""

import struct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from compressors.encoder.cache import LruVectorCache
from compressors.encoder.late_pooling import PassageVectors
from service.cache.backend import StoreState
from service.cache.keys import cache_key, digest
from service.cache.redis_address import RedisAddress, SyncClient
from service.cache.redis_health import RedisHealth
from service.cache.sealing import Sealer

_HEAD = struct.Struct("<4sII")
_MAGIC = b"pv16"
_LAYER = "embeddings"


class SharedVectorCache:
    """A VectorCache in two levels; a Redis that is not well is a miss. Safe to share between threads.

    `tenant` names the tenant on whose behalf the calling thread works: entries of both levels are kept apart by it.
    """

    def __init__(
        self,
        front: LruVectorCache,
        address: RedisAddress,
        sealer: Sealer,
        secret: bytes,
        ttl_seconds: float,
        tenant: Callable[[], str],
        timeout: float = 0.25,
        max_value_bytes: int = 8 * 1024 * 1024,
        health: RedisHealth | None = None,
    ) -> None:
        self._front = front
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

    def get(self, key: bytes) -> PassageVectors | None:
        """See VectorCache.get."""
        tenant = self._tenant()
        near = digest(self._secret, _LAYER, tenant, key)
        vectors = self._front.get(near)
        if vectors is not None:
            return vectors
        far = cache_key(self._secret, _LAYER, tenant, key)
        answered, envelope = self._ask(lambda client: client.get(far), write=False)
        packed = self._sealer.open(far, envelope) if isinstance(envelope, bytes) else None
        vectors = unpack(packed) if packed is not None else None
        if answered:
            self._health.count("misses" if vectors is None else "hits")
        if vectors is not None:
            self._front.put(near, vectors)
        return vectors

    def put(self, key: bytes, vectors: PassageVectors) -> None:
        """See VectorCache.put."""
        tenant = self._tenant()
        self._front.put(digest(self._secret, _LAYER, tenant, key), vectors)
        if vectors.nbytes > self._max_value_bytes:
            self._health.count("too_large")
            return
        far = cache_key(self._secret, _LAYER, tenant, key)
        envelope = self._sealer.seal(far, pack(vectors), compress=False)
        self._ask(lambda client: client.set(far, envelope, px=self._ttl_ms), write=True)

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


def pack(vectors: PassageVectors) -> bytes:
    """Vectors as bytes: a head, then `units` row by row and `passage`, little-endian float16."""
    rows, dimension = vectors.units.shape
    body = vectors.units.astype("<f2").tobytes() + vectors.passage.astype("<f2").tobytes()
    return _HEAD.pack(_MAGIC, rows, dimension) + body


def unpack(data: bytes) -> PassageVectors | None:
    """The vectors, bit for bit and read-only, or None if the bytes are not of `pack`."""
    if len(data) < _HEAD.size:
        return None
    magic, rows, dimension = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 2 * dimension * (rows + 1):
        return None
    values = np.frombuffer(data, dtype="<f2", offset=_HEAD.size).astype(np.float16, copy=False)
    return PassageVectors(values[: rows * dimension].reshape(rows, dimension), values[rows * dimension :])


class TenantVectorCache:
    """An in-process VectorCache whose entries are kept apart by tenant, so that none can tell what another has sent."""

    def __init__(self, inner: LruVectorCache, tenant: Callable[[], str]) -> None:
        self._inner = inner
        self._tenant = tenant

    def get(self, key: bytes) -> PassageVectors | None:
        """See VectorCache.get."""
        return self._inner.get(self._tenant().encode() + b"\0" + key)

    def put(self, key: bytes, vectors: PassageVectors) -> None:
        """See VectorCache.put."""
        self._inner.put(self._tenant().encode() + b"\0" + key, vectors)
