"""Keys of caches: a digest of everything that a cached value depends on."""

import hashlib
from collections.abc import Iterable

_BYTES = 32


def cache_key(kind: str, parts: Iterable[str]) -> bytes:
    """BLAKE2b, 32 bytes, of the kind of value and its parts.

    Each part is digested behind its length, so that parts cannot run together; the kind keeps the keys of values of
    different kinds apart. Lone surrogates are allowed, since a text from JSON may contain them.
    """
    digest = hashlib.blake2b(digest_size=_BYTES)
    for part in (kind, *parts):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()
