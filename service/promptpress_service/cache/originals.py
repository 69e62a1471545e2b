"""What was removed, kept for a while so that an agent can ask for it back."""

import asyncio
import re
from dataclasses import dataclass

import orjson

from promptpress_service.cache.backend import ByteStore
from promptpress_service.cache.cache_keys import cache_key, digest
from promptpress_service.cache.sealing import Sealer
from promptpress_service.failures import ServiceFailure

HASH_PATTERN = "^[0-9a-f]{12,24}$"
_HASH = re.compile(HASH_PATTERN)
_DIGITS = 24


class UnknownOriginal(ServiceFailure):
    """No original of this tenant under this hash: never stored, expired, or another tenant's."""

    status = 404
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("no original is stored under this hash; it was never stored for this key, or has expired")


@dataclass(frozen=True)
class Original:
    """A text as it was before compression, and its length in tokens of the tokenizer of that request."""

    hash: str
    text: str
    tokens: int


class OriginalStore:
    """Originals of all tenants, each behind its own hashes; every use lets an original live for `ttl_seconds` more.

    Give it a store of its own where that is in memory: results would push originals out.
    """

    def __init__(self, store: ByteStore, sealer: Sealer, secret: bytes, ttl_seconds: float) -> None:
        self._store = store
        self._sealer = sealer
        self._secret = secret
        self._ttl = ttl_seconds

    async def put(self, tenant: str, text: str, tokens: int) -> str | None:
        """Store a text; its hash of 24 lower-case hex digits, or None if the store did not take it.

        The hash is keyed with the tenant: the same text has another hash for another tenant.
        """
        name = digest(self._secret, "original", tenant, text).hex()[:_DIGITS]
        key = self._key(tenant, name)
        value = orjson.dumps({"text": text, "tokens": tokens})
        envelope = await asyncio.to_thread(self._sealer.seal, key, value)
        return name if await self._store.set(key, envelope, self._ttl) else None

    async def get(self, tenant: str, name: str) -> Original | None:
        """The original under a hash, or None if it is malformed, unknown, expired, or another tenant's."""
        if not is_hash(name):
            return None
        key = self._key(tenant, name)
        envelope = await self._store.get(key)
        if envelope is None:
            return None
        value = await asyncio.to_thread(self._sealer.open, key, envelope)
        if value is None:
            return None
        await self._store.touch(key, self._ttl)
        return Original(name, **orjson.loads(value))

    def _key(self, tenant: str, name: str) -> str:
        return cache_key(self._secret, "originals", tenant, name)


def is_hash(text: str) -> bool:
    """Whether a text has the form of a hash: 12 to 24 lower-case hex digits."""
    return _HASH.fullmatch(text) is not None
