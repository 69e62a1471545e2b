"""Names under which things are stored: keyed hashes, from which neither the prompt nor the tenant can be read or guessed."""

import hashlib
import hmac
import secrets

PREFIX = "promptpress"


def key_secret(configured: str | None, shared: bool) -> bytes:
    """The 32-byte secret of all keys.

    A configured phrase gives the same secret in every process. Without one, a store of this process alone gets a random
    secret, and a store that replicas share gets a fixed one, since they could not find each other's entries otherwise:
    whoever can list that store's keys can then test whether a text he already knows is among them.
    """
    if configured is None and not shared:
        return secrets.token_bytes(32)
    return hashlib.sha256(b"promptpress cache keys v1\0" + (configured or "").encode()).digest()


def digest(secret: bytes, layer: str, tenant: str, *parts: bytes | str) -> bytes:
    """32 bytes of HMAC-SHA256 over the layer, the tenant and the parts, each with its type and length before it."""
    message = bytearray()
    for part in (layer, tenant, *parts):
        kind, data = (b"b", part) if isinstance(part, bytes) else (b"s", part.encode("utf-8", "surrogatepass"))
        message += kind + len(data).to_bytes(8, "big") + data
    return hmac.digest(secret, message, "sha256")


def cache_key(secret: bytes, layer: str, tenant: str, *parts: bytes | str) -> str:
    """`promptpress:{layer}:{64 hex digits}`. The layer is legible, so that an operator can count or drop one layer.

    Everything the value depends on belongs into `parts`: content, method and model versions, options, tokenizer.
    """
    return f"{PREFIX}:{layer}:{digest(secret, layer, tenant, *parts).hex()}"
