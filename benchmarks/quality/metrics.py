"""Measures that need no model: does the answer survive?"""

import unicodedata
from functools import lru_cache

import regex

from benchmarks.quality.data import Item

_SPACE = regex.compile(r"\s+")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Lower case, NFKC, without quotation marks and articles' case differences, white space folded."""
    text = unicodedata.normalize("NFKC", text).casefold().replace('"', "").replace("“", "").replace("”", "")
    return str(_SPACE.sub(" ", text)).strip()


def survives(answer: str, normalised_output: str) -> bool:
    """Whether the answer occurs as whole words; in scripts without spaces, anywhere."""
    wanted = normalise(answer)
    if not wanted:
        return False
    if _UNSPACED.search(wanted):
        return wanted in normalised_output
    pattern = rf"(?<!\w){regex.escape(wanted)}(?!\w)"
    return regex.search(pattern, normalised_output) is not None


def kept(item: Item, output: str) -> float | None:
    """1.0 or 0.0 for the answer, the share of kept key terms where the answer is abstractive, None if unmeasurable.

    Only what is in the uncompressed documents can be kept, so answers and terms that are not there do not count.
    """
    original = normalise("\n".join(document["text"] for document in item.documents))
    compressed = normalise(output)
    if item.key_terms:
        present = [term for term in item.key_terms if survives(term, original)]
        return sum(survives(term, compressed) for term in present) / len(present) if present else None
    present = [answer for answer in item.answers if survives(answer, original)]
    if not present or (item.all_required and len(present) < len(item.answers)):
        return None
    combine = all if item.all_required else any
    return float(combine(survives(answer, compressed) for answer in present))
