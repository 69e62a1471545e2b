"""Prompt compression as a library: text in, shorter text out, with a receipt.

from promptpress import compress
result = compress(text, query="...", target_ratio=0.25)
print(result.text, result.usage.tokens_after)
"""

from functools import lru_cache
from typing import Any

from promptpress.backends.causal_lm.loading import CausalLMSettings
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.late_chunking import VectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.backends.model_source import EMBEDDED
from promptpress.backends.rewriter.cache import LruRewriteCache, RewriteCache
from promptpress.backends.rewriter.loading import RewriterSettings
from promptpress.compressor import Compressor, pass_through
from promptpress.errors import BudgetInfeasible, CompressionError
from promptpress.request import CompressionRequest, Document
from promptpress.result import CompressionResult

__all__ = [
    "BudgetInfeasible",
    "CausalLMSettings",
    "CompressionError",
    "CompressionRequest",
    "CompressionResult",
    "Compressor",
    "Document",
    "RewriterSettings",
    "build_compressor",
    "compress",
    "pass_through",
]


def build_compressor(
    encoder: str = EMBEDDED,
    threads: int | None = None,
    vectors: VectorCache | None = None,
    rewriter: RewriterSettings | None = None,
    rewrites: RewriteCache | None = None,
    causal_lm: CausalLMSettings | None = None,
) -> Compressor:
    """A compressor with its own models, which load when a method first needs them, and the caches given."""
    return Compressor(ModelLoader(encoder, threads, rewriter, causal_lm).models(vectors, rewrites=rewrites))


@lru_cache(maxsize=1)
def _default_compressor() -> Compressor:
    return build_compressor(vectors=LruVectorCache(), rewrites=LruRewriteCache())


def compress(text: str | None = None, **fields: Any) -> CompressionResult:
    """Compress one text, or `texts=`, `documents=` or `messages=`; other fields as in CompressionRequest.

    Raises pydantic.ValidationError for a malformed request and CompressionError for one that cannot be met.
    """
    if text is not None:
        fields["text"] = text
    return _default_compressor().compress(CompressionRequest(**fields))
