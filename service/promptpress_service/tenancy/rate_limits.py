"""Rate limits of tenants, counted in this process or, shared by replicas, in Redis."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.exceptions import RedisClusterException, RedisError

from promptpress_service.failures import ServiceFailure
from promptpress_service.redis.outages import OutageLog
from promptpress_service.tenancy.caller import Caller
from promptpress_service.tenancy.limits_storage import AddressedStorage

_REDIS_FAILURES = (RedisError, RedisClusterException, OSError)
_T = TypeVar("_T")
_USER = "limits"


class RateLimited(ServiceFailure):
    """The tenant has used up what it may ask for now; `retry_after` is in seconds."""

    status = 429
    code = "rate_limited"


def parse_limits(text: str | None) -> tuple[RateLimitItem, ...]:
    """Limits such as `100/minute` or `10/second; 5000/day`, shortest window first; none for None or an empty text.

    Raises ValueError.
    """
    if not text or not text.strip():
        return ()
    try:
        items = parse_many(text)
    except ValueError:
        raise ValueError('not a rate limit; write "100/minute", or several as "10/second; 5000/day"; up to a year') from None
    if any(item.amount < 1 for item in items):
        raise ValueError("a rate limit must allow at least 1; leave it out for none")
    return tuple(sorted(items, key=lambda item: item.get_expiry()))


@dataclass(frozen=True)
class Limits:
    """What a tenant may use: requests, and tokens of the input. Empty means no limit."""

    requests: tuple[RateLimitItem, ...] = ()
    tokens: tuple[RateLimitItem, ...] = ()


@dataclass(frozen=True)
class _Counter:
    """Counts in one place.

    Requests by a sliding window, which has no edges to crowd at. Tokens by a fixed window that begins with a tenant's first
    request: they are known only afterwards, and only that strategy counts what goes over the limit too.
    """

    storage: MemoryStorage | AddressedStorage
    requests: SlidingWindowCounterRateLimiter = field(init=False)
    tokens: FixedWindowRateLimiter = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "requests", SlidingWindowCounterRateLimiter(self.storage))
        object.__setattr__(self, "tokens", FixedWindowRateLimiter(self.storage))

    async def refusal(self, tenant: str, limits: Limits, requests: int) -> tuple[str, float] | None:
        """Count requests; when one limit does not allow them, that limit and the seconds until it does."""
        for item in limits.tokens:
            if not await self.tokens.test(item, "tokens", tenant):
                reset = (await self.tokens.get_window_stats(item, "tokens", tenant)).reset_time
                return f"{_words(item)} (tokens)", reset - time.time()
        for item in limits.requests:
            if not await self.requests.hit(item, "requests", tenant, cost=requests):
                window = await self.storage.get_sliding_window(item.key_for("requests", tenant), item.get_expiry())
                return _words(item), seconds_until_room(*window, most=item.amount - requests, window=item.get_expiry())
        return None

    async def record_tokens(self, tenant: str, limits: Limits, tokens: int) -> None:
        """Count tokens, over the limit or not."""
        for item in limits.tokens:
            await self.tokens.hit(item, "tokens", tenant, cost=tokens)


def seconds_until_room(
    previous: int, previous_left: float, current: int, current_left: float, *, most: int, window: float
) -> float:
    """Seconds until a sliding window counter is at `most` or below.

    It holds `previous` of the window before, which fade over its last `previous_left` seconds, and `current` of this one,
    which stay as they are for `current_left - window` seconds and then fade over a whole `window`.
    """
    room = most + 1 - current
    if room > 0:
        return max(0.0, previous_left - room * window / previous) if previous else 0.0
    fading = window - (most + 1) * window / current if current else 0.0
    return max(0.0, current_left - window) + max(0.0, fading)


class RateLimits:
    """Counts what tenants use and refuses what is over their limits.

    With a Redis that fails or is slow, counts in this process for `pause_seconds`, then asks Redis again.
    """

    def __init__(
        self,
        limits: Limits,
        tenants: Mapping[str, Limits] | None = None,
        redis: AddressedStorage | None = None,
        *,
        timeout_seconds: float = 0.25,
        pause_seconds: float = 5.0,
        outages: OutageLog | None = None,
    ) -> None:
        self.degraded = False
        self._limits = limits
        self._tenants = dict(tenants or {})
        self._local = _Counter(MemoryStorage())
        self._redis = redis
        self._shared = _Counter(redis) if redis else None
        self._timeout = timeout_seconds
        self._pause = pause_seconds
        self._ask_again = 0.0
        self._outages = outages or OutageLog()

    async def admit(self, caller: Caller, requests: int = 1) -> None:
        """Count requests of a caller before they run. Raises RateLimited."""
        limits = self._limits_of(caller)
        if not limits.requests and not limits.tokens:
            return
        for item in limits.requests:
            if requests > item.amount:
                raise RateLimited(f"{requests} requests at once are over the limit of {_words(item)}; send fewer together")
        refusal = await self._counted(lambda counter: counter.refusal(caller.tenant, limits, requests))
        if refusal is not None:
            limit, wait = refusal
            seconds = max(1, math.ceil(wait))
            raise RateLimited(f"over the limit of {limit}; try again in {seconds} s", retry_after=seconds)

    async def record_tokens(self, caller: Caller, tokens: int) -> None:
        """Count the tokens of a request that ran (`tokens_before`)."""
        limits = self._limits_of(caller)
        if limits.tokens and tokens > 0:
            await self._counted(lambda counter: counter.record_tokens(caller.tenant, limits, tokens))

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.close()

    def _limits_of(self, caller: Caller) -> Limits:
        return self._tenants.get(caller.tenant, self._limits)

    async def _counted(self, count: Callable[[_Counter], Awaitable[_T]]) -> _T:
        if self._shared is not None and time.monotonic() >= self._ask_again:
            if self.degraded:
                # Only this request finds out whether Redis is back; the others do not wait for it.
                self._ask_again = time.monotonic() + self._pause
            try:
                async with asyncio.timeout(self._timeout):
                    counted = await count(self._shared)
            except _REDIS_FAILURES as error:
                self._ask_again = time.monotonic() + self._pause
                self._outages.lost(_USER, type(error).__name__)
                self.degraded = True
            else:
                if self.degraded:
                    self._outages.found(_USER)
                    self._ask_again = 0.0
                self.degraded = False
                return counted
        return await count(self._local)


def _words(item: RateLimitItem) -> str:
    every = item.GRANULARITY.name if item.multiples == 1 else f"{item.multiples} {item.GRANULARITY.name}s"
    return f"{item.amount} per {every}"
