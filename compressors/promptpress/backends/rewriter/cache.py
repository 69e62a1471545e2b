"""Rewrites that were accepted, by what was rewritten and how far, so that a document is rewritten once."""

import json
from typing import Protocol

from promptpress.backends.rewriter.base import Draft, RewriteJob
from promptpress.content import Replacement
from promptpress.runtime.cache_keys import cache_key
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
    spans = json.dumps([list(span) for span in job.protected])
    return cache_key("rewrite", (rewriter, job.text, f"{share:.3f}", f"{similarity:.3f}", spans, *job.keywords))


def pack(draft: Draft) -> bytes:
    """A draft as JSON, without its usage: a cache hit costs nothing."""
    value = [draft.text, [[each.start, each.end, each.text] for each in draft.replacements]]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(value: bytes) -> Draft:
    """What `pack` packed."""
    text, replacements = json.loads(value)
    return Draft(text, [Replacement(*each) for each in replacements])
