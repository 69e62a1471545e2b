"""The stores behind the engine, as the settings ask for them: in this process, or in a Redis that replicas share."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.late_chunking import VectorCache
from promptpress.backends.rewriter.cache import LruRewriteCache, RewriteCache
from promptpress.methods.base import ScoreCache
from promptpress.pipeline.score_cache import LruScoreCache
from promptpress.runtime.lru import LruCache
from promptpress_service.cache.backend import ByteStore, StoreState
from promptpress_service.cache.cache_keys import key_secret
from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.originals import OriginalStore
from promptpress_service.cache.result_cache import ResultCache
from promptpress_service.cache.rewrites import REWRITES, ObservedRewriteCache
from promptpress_service.cache.scores import TenantScoreCache
from promptpress_service.cache.sealing import Sealer, parse_encryption_key
from promptpress_service.cache.shared import Layer, SharedCache, TenantCache, ValueT
from promptpress_service.cache.vectors import EMBEDDINGS
from promptpress_service.observability.metrics import Metrics
from promptpress_service.redis.address import RedisAddress, address_in
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.store import RedisStore
from promptpress_service.settings.settings import Settings

_PROBE_SECONDS = 1.0
_tenant: ContextVar[str] = ContextVar("tenant", default="default")


@contextmanager
def working_for(tenant: str) -> Iterator[None]:
    """What this thread stores and finds inside is the tenant's own."""
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)


@dataclass
class Storage:
    """Results, originals, embeddings, scores and rewrites. Made and closed on the event loop that uses it."""

    store: ByteStore | None
    results: ResultCache
    originals: OriginalStore
    vectors: VectorCache | None
    scores: ScoreCache | None
    rewrites: RewriteCache | None
    shared: bool
    _kept: ByteStore
    _closing: list[SharedCache[Any]]
    _checked: float = 0.0
    _reachable: bool = True

    @classmethod
    def open(cls, settings: Settings, metrics: Metrics) -> Self:
        """Raises SettingsError for an address or key that cannot be right."""
        address = address_in(settings)
        configured = settings.cache_secret.get_secret_value() if settings.cache_secret else None
        secret = key_secret(configured, shared=address is not None)
        sealer = Sealer(secret, [parse_encryption_key(key.get_secret_value()) for key in settings.cache_encryption_keys])
        timeout = settings.redis_timeout_ms / 1000
        store: ByteStore | None
        kept: ByteStore
        # One Redis, one breaker: what the results have found out, the embeddings need not.
        health = RedisHealth(on_failure=lambda: metrics.observe_fallback("cache"))
        if address:
            store = kept = RedisStore(address, timeout, settings.max_value_bytes, health=health)
        else:
            store = MemoryStore(settings.cache_mb << 20) if settings.cache_mb else None
            kept = MemoryStore(settings.originals_mb << 20)
        front = LruVectorCache(settings.vector_cache_mb << 20) if settings.vector_cache_mb else None
        vectors: VectorCache | None = None
        rewrites: RewriteCache | None = None
        closing: list[SharedCache[Any]] = []

        def shared(layer: Layer[ValueT], memory: LruCache[ValueT], where: RedisAddress) -> SharedCache[ValueT]:
            ttl = settings.cache_ttl_seconds
            cache = SharedCache(layer, memory, where, sealer, secret, ttl, _tenant.get, timeout, health=health)
            closing.append(cache)
            return cache

        if front:
            vectors = shared(EMBEDDINGS, front, address) if address else TenantCache(front, _tenant.get)
        if settings.rewrite_cache_mb:
            written = LruRewriteCache(settings.rewrite_cache_mb << 20)
            rewrites = ObservedRewriteCache(
                shared(REWRITES, written, address) if address else TenantCache(written, _tenant.get),
                observe=lambda result: metrics.observe_cache("rewrites", result),
            )
        return cls(
            store,
            ResultCache(
                store,
                sealer,
                secret,
                settings.cache_ttl_seconds,
                observe=lambda result: metrics.observe_cache("results", result),
            ),
            OriginalStore(kept, sealer, secret, settings.originals_ttl_seconds),
            vectors,
            TenantScoreCache(
                LruScoreCache(settings.score_cache_mb << 20),
                _tenant.get,
                observe=lambda result: metrics.observe_cache("scores", result),
            )
            if settings.score_cache_mb
            else None,
            rewrites,
            address is not None,
            kept,
            closing,
        )

    @property
    def state(self) -> StoreState | None:
        """How the shared Redis is; None without one."""
        return self.store.state() if self.store and self.shared else None

    async def reachable(self) -> bool:
        """Whether a required Redis answers; asked at most once a second."""
        if self.store and self.shared and time.monotonic() - self._checked > _PROBE_SECONDS:
            self._checked = time.monotonic()
            self._reachable = await self.store.check()
        return self._reachable

    async def close(self) -> None:
        """Close the connections."""
        for cache in self._closing:
            cache.close()
        await self._kept.close()
        if self.store and self.store is not self._kept:
            await self.store.close()
