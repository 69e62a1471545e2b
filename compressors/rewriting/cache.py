"""Rewrites that were accepted, by what was rewritten and how far, so that a document is rewritten once."""

import hashlib
import threading
from collections import OrderedDict
from typing import Protocol

import orjson

from compressors.rewriting.rewriter import Draft, Job
from compressors.segmentation import Replacement


class RewriteCache(Protocol):
    """Where drafts are kept between requests. Values are bytes of `pack`."""

    def get(self, key: bytes) -> bytes | None:
        """The value stored under `key`, if it still is."""

    def put(self, key: bytes, value: bytes) -> None:
        """Store a value; an older entry may go."""


class LruRewriteCache:
    """Keeps the most recently used rewrites up to `max_bytes`; safe to share between threads."""

    def __init__(self, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        """See RewriteCache.get."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: bytes, value: bytes) -> None:
        """See RewriteCache.put. A value larger than the whole cache is not stored."""
        size = len(key) + len(value)
        if size > self._max_bytes:
            return
        with self._lock:
            previous = self._entries.pop(key, None)
            self._bytes += size - (len(key) + len(previous) if previous is not None else 0)
            self._entries[key] = value
            while self._bytes > self._max_bytes:
                oldest, gone = self._entries.popitem(last=False)
                self._bytes -= len(oldest) + len(gone)


def key_of(rewriter: str, job: Job, share: float, similarity: float) -> bytes:
    """The key of a rewrite: the rewriter, the chunk, the share it may keep, and what has to stay."""
    parts = [rewriter, job.text, f"{share:.3f}", f"{similarity:.3f}", *job.keywords, "\0", *map(str, job.protected)]
    return hashlib.blake2b(orjson.dumps(parts), digest_size=20).digest()


def pack(draft: Draft) -> bytes:
    """A draft without its spend: who finds it in a cache pays nothing."""
    return orjson.dumps([draft.text, [[each.start, each.end, each.by] for each in draft.replacements]])


def unpack(value: bytes) -> Draft:
    """What `pack` packed."""
    text, replacements = orjson.loads(value)
    return Draft(text, [Replacement(*each) for each in replacements])
