"""Prompt compression as a library: text in, shorter text out, with a receipt.

from compressors import compress
result = compress(text, query="...", target_ratio=0.25)
print(result.text, result.usage.tokens_after)
"""

from functools import lru_cache
from typing import Any

from compressors.compressor import Compressor, pass_through
from compressors.encoder.cache import LruVectorCache
from compressors.encoder.late_pooling import VectorCache
from compressors.encoder.loading import EMBEDDED, LazyEncoder
from compressors.errors import BudgetInfeasible, CompressionError
from compressors.request import CompressionRequest, Document
from compressors.result import CompressionResult

__all__ = [
    "BudgetInfeasible",
    "CompressionError",
    "CompressionRequest",
    "CompressionResult",
    "Compressor",
    "Document",
    "build_compressor",
    "compress",
    "pass_through",
]


def build_compressor(encoder: str = EMBEDDED, threads: int | None = None, vectors: VectorCache | None = None) -> Compressor:
    """A compressor with its own models, which load when a method first needs them, and the cache of embeddings given."""
    return Compressor(LazyEncoder(encoder, threads), vectors)


@lru_cache(maxsize=1)
def _default_compressor() -> Compressor:
    return build_compressor(vectors=LruVectorCache())


def compress(text: str | None = None, **fields: Any) -> CompressionResult:
    """Compress one text, or `texts=`, `documents=` or `messages=`; other fields as in CompressionRequest.

    Raises pydantic.ValidationError for a malformed request and CompressionError for one that cannot be met.
    """
    if text is not None:
        fields["text"] = text
    return _default_compressor().compress(CompressionRequest(**fields))
