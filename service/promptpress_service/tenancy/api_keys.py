"""API keys of named tenants: how they are written down, and who a request's key belongs to.

A key is stored as `tenant:sha256:<hex>`, its SHA-256 in place of the key. A plain hash is enough, unlike for passwords: keys
of `new_key` have 256 random bits, so there is nothing to guess that a slow hash would protect, and every request is checked.
"""

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from promptpress_service.failures import ServiceFailure
from promptpress_service.tenancy.caller import ANYONE, Caller

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"[!-+\--~]{16,512}")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_LARGEST_FILE = 4 * 1024 * 1024

_log = logging.getLogger(__name__)


class Unauthorized(ServiceFailure):
    """No key, or one that is not known."""

    status = 401
    code = "unauthorized"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class KeysError(ValueError):
    """Keys that cannot be read; the message says which entry and never repeats a key."""


@dataclass(frozen=True)
class StoredKey:
    """One key of a tenant. `digest` is the SHA-256 of the key, 32 bytes."""

    tenant: str
    digest: bytes

    def line(self) -> str:
        """The key as a file or the environment holds it."""
        return f"{self.tenant}:sha256:{self.digest.hex()}"


def new_key(tenant: str) -> tuple[str, str]:
    """A new random key and the line to store for it. The key itself is kept nowhere. Raises KeysError for a bad name."""
    if not _TENANT.fullmatch(tenant):
        raise KeysError("a tenant's name has 1 to 64 letters, digits, '.', '_' or '-', and starts with a letter or digit")
    key = f"pp_{secrets.token_urlsafe(32)}"
    return key, StoredKey(tenant, _digest(key)).line()


def parse_keys(text: str) -> tuple[StoredKey, ...]:
    """Keys from lines or a comma-separated list of `tenant:sha256:<hex>` and `tenant:<key>`; `#` starts a comment line.

    Raises KeysError naming the entry at fault, or when there is no key at all.
    """
    keys: dict[bytes, StoredKey] = {}
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    entries = (entry.strip() for line in lines for entry in line.split(","))
    for number, entry in enumerate((entry for entry in entries if entry), 1):
        try:
            key = _parse_key(entry)
        except KeysError as error:
            raise KeysError(f"key {number}: {error}") from None
        if keys.setdefault(key.digest, key).tenant != key.tenant:
            raise KeysError(f"key {number}: belongs to another tenant already")
    if not keys:
        raise KeysError("holds no keys; one is written tenant:sha256:<hex>")
    return tuple(keys.values())


def _parse_key(entry: str) -> StoredKey:
    tenant, _, key = entry.partition(":")
    if not key:
        raise KeysError("is not of the form tenant:sha256:<hex> or tenant:<key>")
    if not _TENANT.fullmatch(tenant):
        raise KeysError("the tenant's name has characters other than letters, digits, '.', '_' and '-', or over 64")
    if key.startswith("sha256:"):
        digest = key.removeprefix("sha256:")
        if not _DIGEST.fullmatch(digest):
            raise KeysError("sha256: must be followed by 64 hexadecimal digits")
        return StoredKey(tenant, bytes.fromhex(digest))
    if not _KEY.fullmatch(key):
        raise KeysError("a key has 16 to 512 printable ASCII characters, no space and no comma")
    return StoredKey(tenant, _digest(key))


class KeyRing:
    """All keys in force: those given as text, and those of a file that is read again when it changes."""

    def __init__(self, text: str | None = None, path: Path | None = None, check_seconds: float = 1.0) -> None:
        """Raises KeysError. `check_seconds`: how often to look at most whether the file has changed."""
        self.warning: str | None = None
        self._fixed = parse_keys(text) if text else ()
        self._path = path
        self._check_seconds = check_seconds
        self._checked = time.monotonic()
        self._signature: tuple[int, ...] | None = None
        self._keys = self._fixed
        if path is not None:
            try:
                self._signature = _signature(path)
                self._keys += _read(path)
            except OSError as error:
                raise KeysError(f"cannot read {path}: {error.strerror or error}") from None

    @property
    def required(self) -> bool:
        """Whether a request needs a key. Follows from what is configured, not from how many keys a file holds by now."""
        return bool(self._fixed) or self._path is not None

    def authenticate(self, presented: Sequence[str]) -> Caller:
        """Who sent a request that carries these keys. Raises Unauthorized. Anyone, when no keys are configured.

        A request may carry several keys, since a proxied one brings the key of the LLM too: one that is known is enough, and
        the first of them decides.
        """
        if not self.required:
            return ANYONE
        self._reload()
        for key in presented:
            if tenant := self._tenant_of(key):
                return Caller(tenant)
        if presented:
            raise Unauthorized("the API key is not known; check it, or ask the operator of this service for one")
        raise Unauthorized("an API key is needed; send it as `Authorization: Bearer <key>` or `x-api-key: <key>`")

    def _tenant_of(self, key: str) -> str | None:
        digest = _digest(key)
        tenant = None
        # All of them, so that the time taken says nothing about which one matched.
        for stored in self._keys:
            if hmac.compare_digest(stored.digest, digest):
                tenant = stored.tenant
        return tenant

    def _reload(self) -> None:
        if self._path is None or time.monotonic() - self._checked < self._check_seconds:
            return
        self._checked = time.monotonic()
        try:
            signature = _signature(self._path)
            if signature == self._signature:
                return
            # Before reading: a broken file is reported once, and a file that changes meanwhile is read again.
            self._signature = signature
            self._keys = self._fixed + _read(self._path)
        except (OSError, KeysError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            warning = f"the keys of {self._path} were not reloaded, the earlier ones stay in force: {reason}"
            if warning != self.warning:
                _log.warning(warning)
            self.warning = warning
        else:
            self.warning = None
            _log.info("reloaded %d API keys from %s", len(self._keys) - len(self._fixed), self._path)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _signature(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> tuple[StoredKey, ...]:
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise KeysError(f"is larger than {_LARGEST_FILE} bytes")
    try:
        return parse_keys(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise KeysError(f"is not UTF-8 (byte {error.start})") from None
