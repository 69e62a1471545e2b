"""Kinds of value that requests share of their work, each tenant's apart. Called from the threads that compress."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from promptpress.runtime.lru import LruCache

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Layer(Generic[ValueT]):
    """A kind of value: its name in keys, and its bytes. `unpack` returns None for bytes that `pack` never wrote."""

    name: str
    pack: Callable[[ValueT], bytes]
    unpack: Callable[[bytes], ValueT | None]
    compress: bool


class TenantCache(Generic[ValueT]):
    """An in-process cache whose entries are kept apart by tenant, so that none can tell what another has sent."""

    def __init__(self, inner: LruCache[ValueT], tenant: Callable[[], str]) -> None:
        self._inner = inner
        self._tenant = tenant

    def get(self, key: bytes) -> ValueT | None:
        """The value stored under `key`, if it still is."""
        return self._inner.get(self._tenant().encode() + b"\0" + key)

    def put(self, key: bytes, value: ValueT) -> None:
        """Store a value; an older entry may go."""
        self._inner.put(self._tenant().encode() + b"\0" + key, value)
