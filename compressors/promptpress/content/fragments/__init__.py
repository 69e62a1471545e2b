"""Units finer than sentences: phrases, words and tokens."""

from promptpress.content.fragments.divide import Level, divide
from promptpress.content.fragments.divide import word_spans as word_spans

__all__ = ["Level", "divide", "word_spans"]
