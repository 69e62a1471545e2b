"""Measures for sets whose answer is a summary: how much of the reference could still be written from what was kept.

ROUGE-L recall after Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), without stemming; the scores are
those of the package `rouge-score` 0.1.2, which is no longer kept up and pulls in nltk for a stemmer that is not used here.
"""

from collections.abc import Sequence

import regex

from benchmarks.quality.data import Item
from benchmarks.quality.metrics import normalise, survives

_TOKEN = regex.compile(r"[a-z0-9]+")
_ENTITY = regex.compile(r"(?<![.!?:\n]\s|^|[\"“(])\b\p{Lu}[\p{L}\p{N}]*(?:['’\-]\p{L}+)*|\b\d[\d.,:]*\b")
_PRONOUN = frozenset({"i", "i'm", "i'd", "i'll", "i've"})


def rouge_l_recall(item: Item, output: str) -> float | None:
    """Longest common subsequence of words with the reference, as a share of the reference; the best over all references."""
    if not item.summary or not item.answers:
        return None
    words = _words(output)
    references = [_words(answer) for answer in item.answers]
    return max((_common(reference, words) / len(reference) for reference in references if reference), default=None)


def entity_recall(item: Item, output: str) -> float | None:
    """Share of the names and numbers of the references that the original holds and the output still does."""
    if not item.summary:
        return None
    original = normalise("\n".join(document["text"] for document in item.documents))
    named = dict.fromkeys(match.group().rstrip(".,:") for answer in item.answers for match in _ENTITY.finditer(answer))
    present = [name for name in named if name.lower() not in _PRONOUN and survives(name, original)]
    compressed = normalise(output)
    return sum(survives(name, compressed) for name in present) / len(present) if present else None


def _words(text: str) -> list[str]:
    return [match.group() for match in _TOKEN.finditer(text.lower())]


def _common(reference: Sequence[str], words: Sequence[str]) -> int:
    """Length of the longest common subsequence, by bit-parallel dynamic programming (Hyyro 2004)."""
    places: dict[str, int] = {}
    for index, word in enumerate(reference):
        places[word] = places.get(word, 0) | 1 << index
    everything = (1 << len(reference)) - 1
    row = everything
    for word in words:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & everything
    return len(reference) - row.bit_count()
