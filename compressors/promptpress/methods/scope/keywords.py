"""The keywords of a chunk, which a rewrite must contain word for word."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import regex

from promptpress.text.facts import scope_spans, uncuttable_spans
from promptpress.text.fidelity import folded, holds
from promptpress.text.lexical import terms
from promptpress.text.spans import Span, merge
from promptpress.text.words import FUNCTION_WORDS, name_spans

TERMS = 3
"""TF-IDF terms of each chunk."""
_SHORTEST_TERM = 4
"""Characters of the shortest term that is taken for its TF-IDF."""
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*")
_HEAD = regex.compile(r"[ \u00a0]+(?:[\p{L}\p{N}]+['’\-]?)+")


class KeywordFinder:
    """Knows the query and how rare words are over all chunks of a request."""

    def __init__(self, chunks: Sequence[str], query: str | None) -> None:
        self._wanted = {term for term in terms(query or "") if term not in FUNCTION_WORDS}
        self._holding = Counter(term for chunk in chunks for term in set(terms(chunk)))
        self._chunks = len(chunks)

    def spans(self, text: str) -> list[Span]:
        """Where the keywords of a chunk stand. Sorted and disjoint."""
        return merge(self._pieces(text))

    def keywords(self, text: str) -> list[str]:
        """Numbers with units, dates, identifiers, quotations, names, negations and bounds with the word after them, terms of
        the query and the chunk's best terms by TF-IDF; each once, in order."""
        # Part of a longer word, as the digit of "Person1", is no keyword by itself.
        whole = folded(text)
        found: dict[str, str] = {}
        for start, end in sorted(self._pieces(text)):
            if holds(text[start:end], whole):
                found.setdefault(folded(text[start:end]), text[start:end])
        return list(found.values())

    def _pieces(self, text: str) -> list[Span]:
        heads = [(start, _HEAD.match(text, end)) for start, end in scope_spans(text)]
        scopes = [(start, head.end()) for start, head in heads if head]
        alone = [span for span, (_, head) in zip(scope_spans(text), heads, strict=True) if head is None]
        names = _runs(text, name_spans(text))
        covered = [*uncuttable_spans(text), *scopes, *alone, *names]
        return [*covered, *self._terms(text)]

    def _terms(self, text: str) -> Iterable[Span]:
        found = [(match.span(), terms(match.group())) for match in _WORD.finditer(text)]
        counts = Counter(
            term for _, parts in found for term in parts if len(term) >= _SHORTEST_TERM and term not in FUNCTION_WORDS
        )
        weight = {term: count * math.log((1 + self._chunks) / (1 + self._holding[term])) for term, count in counts.items()}
        best = sorted((term for term in weight if weight[term] > 0), key=lambda term: (-weight[term], term))[:TERMS]
        wanted = self._wanted | set(best)
        seen: set[str] = set()
        for span, parts in found:
            new = [part for part in parts if part in wanted and part not in seen]
            if new:
                seen.update(new)
                yield span


def _runs(text: str, names: Sequence[Span]) -> list[Span]:
    """Names that stand side by side as one."""
    runs: list[Span] = []
    for start, end in names:
        if runs and text[runs[-1][1] : start] in (" ", "\u00a0", ". ") and text[runs[-1][1]] != ".":
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
