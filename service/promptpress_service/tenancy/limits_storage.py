"""Redis as the `limits` library takes it."""

from typing import Any

from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge

from promptpress_service.redis.address import RedisAddress, close

_PREFIX = "promptpress:limits"


class AddressedStorage(RedisStorage):
    """Counts in the Redis at an address, single, behind Sentinel, or a cluster; connects when first used.

    `limits` parses URLs of its own kind. Its scripts run on any client of redis-py, so it is given ours.
    """

    bridge: RedispyBridge

    def __init__(self, address: RedisAddress, timeout_seconds: float) -> None:
        self._client: Any = address.async_client(timeout_seconds)
        super().__init__("async+redis://", implementation="redispy", key_prefix=_PREFIX)

    def configure_bridge(self) -> None:
        """Called by the base class before it registers its scripts."""
        self.bridge.storage = self._client
        self.bridge.connection_getter = lambda _: self._client

    async def close(self) -> None:
        """Give connections back."""
        await close(self._client)
