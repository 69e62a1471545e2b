"""The stores behind the engine: in this process, or in a Redis that replicas share."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.late_chunking import VectorCache
from promptpress.backends.rewriter.cache import LruRewriteCache, RewriteCache
from promptpress.pipeline.score_cache import LruScoreCache
from promptpress.runtime.lru import LruCache
from promptpress.scores import ScoreCache
from promptpress_service.cache.backend import ByteStore, StoreState
from promptpress_service.cache.cache_keys import key_secret
from promptpress_service.cache.layers import Layer, TenantCache, ValueT
from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.originals import OriginalStore
from promptpress_service.cache.result_cache import ResultCache
from promptpress_service.cache.rewrites import REWRITES, ObservedRewriteCache
from promptpress_service.cache.scores import TenantScoreCache
from promptpress_service.cache.sealing import Sealer
from promptpress_service.cache.vectors import EMBEDDINGS
from promptpress_service.engine.computed import Computed, ComputedCodec
from promptpress_service.observability.metrics import Metrics
from promptpress_service.redis.address import RedisAddress
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.outages import OutageLog
from promptpress_service.redis.shared_cache import SharedCache
from promptpress_service.redis.store import RedisStore

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


@dataclass(frozen=True)
class StorageOptions:
    """Where things are stored, how much of them, and for how long.

    `*_bytes` are bytes of memory in this process; 0 turns that cache off. `address` is a Redis that takes the place of
    memory, asked for at most `timeout_seconds` at a time. `encryption_keys` have 32 bytes each.
    """

    address: RedisAddress | None = None
    timeout_seconds: float = 0.25
    secret: str | None = None
    encryption_keys: Sequence[bytes] = ()
    results_bytes: int = 64 << 20
    originals_bytes: int = 64 << 20
    vectors_bytes: int = 64 << 20
    scores_bytes: int = 16 << 20
    rewrites_bytes: int = 16 << 20
    max_value_bytes: int = 4 << 20
    ttl_seconds: float = 3600
    originals_ttl_seconds: float = 86_400


@dataclass
class Storage:
    """Results, originals, embeddings, scores and rewrites. Used and closed on one event loop."""

    store: ByteStore | None
    results: ResultCache[Computed]
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
    def open(cls, options: StorageOptions, metrics: Metrics, outages: OutageLog | None = None) -> Self:
        """Connects to nothing yet. `outages` hears when Redis goes and when it comes back."""
        address = options.address
        secret = key_secret(options.secret, shared=address is not None)
        sealer = Sealer(secret, options.encryption_keys)
        store: ByteStore | None
        kept: ByteStore
        # One Redis, one breaker: what the results have found out, the embeddings need not.
        health = RedisHealth(on_failure=lambda: metrics.observe_fallback("cache"), outages=outages)
        if address:
            store = kept = RedisStore(address, options.timeout_seconds, options.max_value_bytes, health=health)
        else:
            store = MemoryStore(options.results_bytes) if options.results_bytes else None
            kept = MemoryStore(options.originals_bytes)
        closing: list[SharedCache[Any]] = []

        def observe(layer: str) -> Callable[[str], None]:
            return lambda result: metrics.observe_cache(layer, result)

        def cache_of(layer: Layer[ValueT], l1: LruCache[ValueT]) -> SharedCache[ValueT] | TenantCache[ValueT]:
            if address is None:
                return TenantCache(l1, _tenant.get)
            timeout, ttl = options.timeout_seconds, options.ttl_seconds
            cache = SharedCache(
                layer,
                l1,
                address,
                sealer,
                secret,
                ttl_seconds=ttl,
                tenant=_tenant.get,
                timeout=timeout,
                health=health,
            )
            closing.append(cache)
            return cache

        vectors = cache_of(EMBEDDINGS, LruVectorCache(options.vectors_bytes)) if options.vectors_bytes else None
        rewrites = cache_of(REWRITES, LruRewriteCache(options.rewrites_bytes)) if options.rewrites_bytes else None
        scores = LruScoreCache(options.scores_bytes) if options.scores_bytes else None
        return cls(
            store,
            ResultCache(store, sealer, secret, options.ttl_seconds, ComputedCodec(), observe=observe("results")),
            OriginalStore(kept, sealer, secret, options.originals_ttl_seconds),
            vectors,
            TenantScoreCache(scores, _tenant.get, lambda result: metrics.observe_cache("scores", result))
            if scores
            else None,
            ObservedRewriteCache(rewrites, lambda result: metrics.observe_cache("rewrites", result)) if rewrites else None,
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
