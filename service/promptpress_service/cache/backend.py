"""What a store of bytes offers to the layers above it."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class StoreState:
    """How a store is doing, for `/readyz` and metrics. Holds no addresses, keys or values.

    `reads` and `writes` are the states of the breakers (`closed`, `open`, `half_open`); `last_error` the kind of the last
    failure; `counters` only ever grow, `sizes` are what is stored now, where the store knows.
    """

    kind: str
    healthy: bool
    reads: str = "closed"
    writes: str = "closed"
    last_error: str | None = None
    counters: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def breaker(self) -> str:
        """The state of the breaker that is farther from closed."""
        return next(state for state in ("open", "half_open", "closed") if state in (self.reads, self.writes))


class ByteStore(Protocol):
    """Bytes under names, each with a time to live. No method raises: a store that cannot answer has a miss."""

    @property
    def shared(self) -> bool:
        """Whether other processes see the same entries."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None if there is none or the store cannot tell."""

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> bool:
        """Store a value; whether it was stored."""

    async def touch(self, key: str, ttl_seconds: float) -> bool:
        """Let an entry live for `ttl_seconds` from now; whether it was there."""

    async def set_if_absent(self, key: str, value: bytes, ttl_seconds: float) -> bool | None:
        """Store a value unless there is one; whether it was stored, or None if the store cannot tell."""

    async def delete_if_equals(self, key: str, value: bytes) -> bool:
        """Delete an entry if it holds this value; whether it did."""

    async def check(self) -> bool:
        """Ask the store for a sign of life."""

    def state(self) -> StoreState:
        """How the store is doing; asks nothing."""

    async def close(self) -> None:
        """Give connections back."""
