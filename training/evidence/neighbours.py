"""Hard negatives: the paragraphs that share the most telling words with a question."""

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

_ROWS = 512


class Neighbours:
    """A TF-IDF index over paragraphs (title, text)."""

    def __init__(self, paragraphs: Sequence[tuple[str, str]]) -> None:
        self.paragraphs = paragraphs
        self._vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2, dtype=np.float32)
        self._matrix = self._vectorizer.fit_transform(f"{title} {text}" for title, text in paragraphs).T.tocsr()

    def nearest(self, queries: Sequence[str], count: int) -> Iterator[list[int]]:
        """For each query the indices of its `count` nearest paragraphs, best first."""
        for start in range(0, len(queries), _ROWS):
            products = (self._vectorizer.transform(queries[start : start + _ROWS]) @ self._matrix).tocsr()
            for row in range(products.shape[0]):
                begin, end = products.indptr[row], products.indptr[row + 1]
                columns, values = products.indices[begin:end], products.data[begin:end]
                best = np.argpartition(-values, min(count, len(values) - 1))[:count] if len(values) > count else slice(None)
                order = np.argsort(-values[best], kind="stable")
                yield [int(c) for c in columns[best][order]]
