"""Rewrites that were accepted, by what was rewritten and how far, so that a document is rewritten once."""

import hashlib
from typing import Protocol

import orjson

from promptpress.backends.rewriter.base import Draft, RewriteJob
from promptpress.content import Replacement
from promptpress.runtime.lru import LruCache


class RewriteCache(Protocol):
    """Where drafts are kept between requests. Values are bytes of `pack`."""

    def get(self, key: bytes) -> bytes | None:
        """The value stored under `key`, if it still is."""

    def put(self, key: bytes, value: bytes) -> None:
        """Store a value; an older entry may go."""


class LruRewriteCache(LruCache[bytes]):
    """A RewriteCache of the most recently used rewrites."""

    def __init__(self, max_bytes: int = 16 * 1024 * 1024) -> None:
        super().__init__(max_bytes, lambda key, value: len(key) + len(value))


def key_of(rewriter: str, job: RewriteJob, share: float, similarity: float) -> bytes:
    """The key of a rewrite: the rewriter, the chunk, the share it may keep, and what has to stay."""
    parts = [rewriter, job.text, f"{share:.3f}", f"{similarity:.3f}", *job.keywords, "\0", *map(str, job.protected)]
    return hashlib.blake2b(orjson.dumps(parts), digest_size=20).digest()


def pack(draft: Draft) -> bytes:
    """A draft without its usage: who finds it in a cache pays nothing."""
    return orjson.dumps([draft.text, [[each.start, each.end, each.by] for each in draft.replacements]])


def unpack(value: bytes) -> Draft:
    """What `pack` packed."""
    text, replacements = orjson.loads(value)
    return Draft(text, [Replacement(*each) for each in replacements])
