"""Values as they are stored: compressed, and encrypted or at least authenticated.

An envelope is one byte of format (1), one byte of flags (1 = compressed, 2 = encrypted), and then either
16 bytes of keyed BLAKE2b and the body, or 8 bytes of key id, 12 bytes of nonce and the body under AES-GCM. In both cases
the key under which the value is stored is authenticated with it, so that a value moved to another key is worth nothing.
"""

import base64
import binascii
import hashlib
import hmac
import os
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = 1
_COMPRESSED = 1
_ENCRYPTED = 2
# Lengths in bytes: the format and the flags together, the key's id, and so on.
_HEAD = 2
_ID = 8
_NONCE = 12
_KEY = 32
_MAC = 16
_WORTH_COMPRESSING = 256


def parse_encryption_key(text: str) -> bytes:
    """32 bytes from their base64 form (standard or URL-safe, padded or not). Raises ValueError, which does not repeat the
    key."""
    text = text.strip().rstrip("=")
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY:
        raise ValueError("an encryption key is 32 bytes in base64; `openssl rand -base64 32` makes one")
    return key


class Sealer:
    """Seals values for a store and opens them again; safe to share between threads.

    The first of `keys` (32 bytes each) encrypts, all of them decrypt: a new key goes to the front, and the old one may go
    when the longest time to live has passed. AES-GCM's random nonces allow some four billion values for one key.
    """

    def __init__(self, secret: bytes, keys: Sequence[bytes] = (), max_bytes: int = 64 * 1024 * 1024) -> None:
        if any(len(key) != _KEY for key in keys):
            raise ValueError("an encryption key has 32 bytes")
        self._mac_key = hashlib.blake2b(secret, person=b"promptpress mac", digest_size=32).digest()
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0]) if keys else None
        self._max_bytes = max_bytes

    @property
    def encrypts(self) -> bool:
        """Whether values are unreadable at rest."""
        return self._first is not None

    def seal(self, key: str, value: bytes, compress: bool = True) -> bytes:
        """The envelope to store under `key`. `compress=False` spares the attempt where values are as good as random."""
        flags = _ENCRYPTED if self._first else 0
        if compress and len(value) >= _WORTH_COMPRESSING:
            packed = zlib.compress(value, 1)
            if len(packed) < len(value):
                flags |= _COMPRESSED
                value = packed
        head = bytes((_FORMAT, flags))
        if self._first is None:
            return head + self._mac(head, key, value) + value
        head += self._first
        nonce = os.urandom(_NONCE)
        return head + nonce + self._ciphers[self._first].encrypt(nonce, value, head + key.encode())

    def open(self, key: str, envelope: bytes) -> bytes | None:
        """The value, or None for anything that this sealer would not have written under this key.

        Once encryption keys are set, values from before are not accepted.
        """
        if len(envelope) < _HEAD or envelope[0] != _FORMAT or envelope[1] & ~(_COMPRESSED | _ENCRYPTED):
            return None
        encrypted = bool(envelope[1] & _ENCRYPTED)
        if encrypted != self.encrypts:
            return None
        body = self._decrypted(key, envelope) if encrypted else self._verified(key, envelope)
        return self._inflated(body) if body is not None and envelope[1] & _COMPRESSED else body

    def _decrypted(self, key: str, envelope: bytes) -> bytes | None:
        nonce_at = _HEAD + _ID
        body_at = nonce_at + _NONCE
        head, nonce, body = envelope[:nonce_at], envelope[nonce_at:body_at], envelope[body_at:]
        cipher = self._ciphers.get(head[_HEAD:])
        if cipher is None or len(nonce) != _NONCE:
            return None
        try:
            return cipher.decrypt(nonce, body, head + key.encode())
        except InvalidTag:
            return None

    def _verified(self, key: str, envelope: bytes) -> bytes | None:
        head, mac, body = envelope[:_HEAD], envelope[_HEAD : _HEAD + _MAC], envelope[_HEAD + _MAC :]
        return body if hmac.compare_digest(mac, self._mac(head, key, body)) else None

    def _mac(self, head: bytes, key: str, body: bytes) -> bytes:
        name = key.encode()
        mac = hashlib.blake2b(head + len(name).to_bytes(8, "big") + name, key=self._mac_key, digest_size=_MAC)
        mac.update(body)
        return mac.digest()

    def _inflated(self, body: bytes) -> bytes | None:
        inflater = zlib.decompressobj()
        try:
            # Bounded, because with the fixed secret anybody who can write to the store can make an envelope.
            value = inflater.decompress(body, self._max_bytes)
        except zlib.error:
            return None
        return value if inflater.eof and not inflater.unused_data else None


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, person=b"promptpress id", digest_size=_ID).digest()
