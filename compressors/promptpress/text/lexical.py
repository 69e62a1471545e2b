"""Words, and BM25 over units."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from promptpress.runtime.cancellation import check

K1 = 1.2
B = 0.75

# Scripts written without spaces have no words to match, so their characters are matched in pairs.
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+|[\p{L}\p{M}\p{N}]+")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SUFFIX = regex.compile(r"(?:ies|es|s|ing|ed|ly|'s)$")
_SHORTEST_INFLECTED = 5
"""Characters of the shortest word whose ending is cut off."""


def words(text: str) -> list[str]:
    """Lower-case words of a text, unspaced scripts as overlapping pairs of characters."""
    check()
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if _UNSPACED.match(word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.append(word)
    return found


def terms(text: str) -> list[str]:
    """The words of a text with English inflections cut off."""
    return [_stem(word) if word.isascii() else word for word in words(text)]


def _stem(word: str) -> str:
    return word if len(word) < _SHORTEST_INFLECTED or word[-1].isdigit() else _SUFFIX.sub("", word)


def bm25(query: str, documents: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """BM25 of each document (its terms) for a query, with k1 = 1.2 and b = 0.75 and Lucene's non-negative idf.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), equation 3.15. Shape (documents,).
    """
    wanted = list(dict.fromkeys(terms(query)))
    lengths = np.asarray([len(document) for document in documents], dtype=np.float64)
    if not wanted or not len(lengths):
        return np.zeros(len(documents), dtype=np.float32)
    column = {term: i for i, term in enumerate(wanted)}
    # Only what occurs is held: a table of all documents by all terms would outgrow the memory for a long query.
    rows: list[int] = []
    columns: list[int] = []
    counts: list[int] = []
    for row, document in enumerate(documents):
        check()
        for term, count in Counter(t for t in document if t in column).items():
            rows.append(row)
            columns.append(column[term])
            counts.append(count)
    at, of, frequency = (np.asarray(each, dtype=np.int64) for each in (rows, columns, counts))
    holding = np.bincount(of, minlength=len(wanted))
    idf = np.log1p((len(documents) - holding + 0.5) / (holding + 0.5))
    norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1e-9))
    weights = idf[of] * frequency * (K1 + 1) / (frequency + norm[at])
    return np.bincount(at, weights, minlength=len(documents)).astype(np.float32)
