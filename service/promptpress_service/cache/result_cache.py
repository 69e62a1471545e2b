"""Results of computations by what they depend on, one computation at a time for each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from promptpress_service.cache.backend import ByteStore
from promptpress_service.cache.cache_keys import cache_key
from promptpress_service.cache.sealing import Sealer
from promptpress_service.cache.single_flight import SingleFlight

_T = TypeVar("_T")
ValueT = TypeVar("ValueT")

CacheStatus = Literal["hit", "miss", "off"]

# Below this, sealing takes less than handing it to a thread.
_OFF_LOOP_BYTES = 32 * 1024


class Codec(Protocol[ValueT]):
    """How one kind of value is stored."""

    def encode(self, value: ValueT) -> bytes:
        """The value as bytes."""

    def decode(self, data: bytes) -> ValueT | None:
        """The value, or None for bytes that `encode` would not have written."""

    def cacheable(self, value: ValueT) -> bool:
        """Whether later calls may have this value; False where the next computation may do better."""


@dataclass(frozen=True)
class CacheEntry:
    """A stored value's key and the envelope it is in."""

    key: str
    envelope: bytes


class ResultCache(Generic[ValueT]):
    """One layer of values in a store; without a store everything is computed.

    `ttl_seconds` counts from the computation. `observe` hears of every look-up: `hit`, `miss`, `off`, or `error` for a
    stored value that could not be opened and was computed again. `flight` may be shared by layers of one kind of value,
    since their keys differ.
    """

    def __init__(
        self,
        store: ByteStore | None,
        sealer: Sealer,
        secret: bytes,
        ttl_seconds: float,
        codec: Codec[ValueT],
        *,
        layer: str = "results",
        flight: SingleFlight[ValueT] | None = None,
        observe: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._secret = secret
        self._ttl = ttl_seconds
        self._codec = codec
        self._layer = layer
        self._flight = flight or (SingleFlight(store) if store else None)
        self._observe = observe

    async def get_or_compute(
        self, tenant: str, parts: Sequence[bytes | str], compute: Callable[[], Awaitable[ValueT]]
    ) -> tuple[ValueT, CacheStatus]:
        """The value for `parts`, stored or computed now, and which of the two.

        Of several equal calls at once, one is a `miss` and the others, which share its computation, are hits; they share
        the value too, so nobody may change it. Exceptions of `compute` reach every one of them and are not kept. What
        depends on one caller only, such as a deadline, belongs around this call and not into `compute`.
        """
        if self._store is None or self._flight is None:
            self._observe("off")
            return await compute(), "off"
        store = self._store
        key = cache_key(self._secret, self._layer, tenant, *parts)
        unreadable = False

        async def load() -> ValueT | None:
            nonlocal unreadable
            envelope = await store.get(key)
            if envelope is None:
                return None
            data = await _maybe_in_thread(len(envelope), lambda: self._sealer.open(key, envelope))
            value = self._codec.decode(data) if data is not None else None
            unreadable = value is None
            return value

        async def save(value: ValueT) -> None:
            if self._codec.cacheable(value):
                data = self._codec.encode(value)
                envelope = await _maybe_in_thread(len(data), lambda: self._sealer.seal(key, data))
                await store.set(key, envelope, self._ttl)

        value, computed = await self._flight.run(key, load, compute, save)
        status: CacheStatus = "miss" if computed else "hit"
        self._observe("error" if unreadable else status)
        return value, status

    async def find(self, tenant: str, parts: Sequence[bytes | str]) -> tuple[ValueT, CacheEntry] | None:
        """The value for `parts` if it is stored in this process; counts as a hit then, and as nothing otherwise."""
        if self._store is None or self._store.shared:
            return None
        key = cache_key(self._secret, self._layer, tenant, *parts)
        envelope = await self._store.get(key)
        data = self._sealer.open(key, envelope) if envelope is not None else None
        value = self._codec.decode(data) if data is not None else None
        if envelope is None or value is None:
            return None
        self._observe("hit")
        return value, CacheEntry(key, envelope)

    async def still_cached(self, entry: CacheEntry) -> bool:
        """Whether what was found is still stored; counts as a hit then."""
        if self._store is None:
            return False
        cached = await self._store.get(entry.key) is entry.envelope
        if cached:
            self._observe("hit")
        return cached


async def _maybe_in_thread(size: int, call: Callable[[], _T]) -> _T:
    return await asyncio.to_thread(call) if size > _OFF_LOOP_BYTES else call()
