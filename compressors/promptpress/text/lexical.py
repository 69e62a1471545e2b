"""Words, and BM25 over units."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from promptpress.runtime.cancellation import check
from promptpress.text.language import DEFAULT

K1 = 1.2
B = 0.75
TRUNCATED = 6
"""Letters of a word that count in languages other than English."""

# Scripts written without spaces have no words to match, so their characters are matched in pairs.
# Beside digits too: in "2008年5月1日通车" the numbers are words of their own.
_UNSPACED_CLASS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED_CLASS}]+|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED_CLASS}]]+")
_UNSPACED = regex.compile(rf"[{_UNSPACED_CLASS}]")
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


def terms(text: str, language: str = DEFAULT) -> list[str]:
    """The words of a text, of which inflections do not matter.

    In English common suffixes are cut off. In other languages only the first `TRUNCATED` letters of a word count: for
    inflected and compounding languages that is as good as a stemmer (McNamee and Mayfield, "Character n-gram tokenization
    for European language text retrieval", 2004).
    """
    if language == DEFAULT:
        return [_stem(word) if word.isascii() else word for word in words(text)]
    return [word if word[-1].isdigit() else word[:TRUNCATED] for word in words(text)]


def _stem(word: str) -> str:
    return word if len(word) < _SHORTEST_INFLECTED or word[-1].isdigit() else _SUFFIX.sub("", word)


def bm25(query: str, documents: Sequence[Sequence[str]], language: str = DEFAULT) -> NDArray[np.float32]:
    """BM25 of each document for a query, with k1 = 1.2 and b = 0.75 and Lucene's non-negative idf.

    Documents are given as their terms, of the same language as the query's.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), equation 3.15. Shape (documents,).
    """
    wanted = list(dict.fromkeys(terms(query, language)))
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
