"""Units finer than sentences: phrases, words and tokens."""

from compressors.fragments.divide import Level, divide
from compressors.fragments.divide import word_spans as word_spans

__all__ = ["Level", "divide", "word_spans"]
