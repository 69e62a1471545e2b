"""Phrases: noun phrases as one unit, other words each their own; by rules for English, or by spaCy where it is installed.

The rules know no parts of speech. A noun phrase begins with a determiner, a possessive, a number, or a word with a capital
letter, and goes on over content words until a function word, a sign, or what looks like a verb.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import regex

from promptpress.content.fragments.divide import word_spans
from promptpress.errors import InvalidValue
from promptpress.text.spans import Span
from promptpress.text.words import FUNCTION_WORDS, NUMBER_WORDS

SPACY_MODEL = "en_core_web_sm"
_LONGEST = 6
_OPENERS = frozenset(
    """a an the this that these those my your his her its our their some any no each every either neither another all both
    many much few several most more such what which whose""".split()
)
_LINKS = frozenset({"of", "de", "von", "van", "der", "du", "la"})
_WORDLIKE = regex.compile(r"[\p{L}\p{N}]")
_SHORTEST_INFLECTED = 5
"""Characters of the shortest word that is taken for a verb by its ending."""
_VERBS = frozenset(
    """make makes made take takes took taken say says said see sees saw seen know knows knew known think thinks thought come
    comes came find finds found use uses used tell tells told ask asks asked seem seems seemed feel feels felt try tries
    tried leave leaves left call calls called need needs needed become becomes became show shows showed shown mean means
    meant keep keeps kept begin begins began begun run runs ran hold holds held bring brings brought write writes wrote
    written sit sits sat stand stands stood lose loses lost pay pays paid meet meets met include includes included continue
    continues continued set sets learn learns learned lead leads led understand understands understood follow follows
    followed stop stops stopped create creates created speak speaks spoke read reads spend spends spent grow grows grew win
    wins won offer offers offered remember remembers consider considers appear appears appeared buy buys bought serve serves
    served die dies died send sends sent build builds built stay stays stayed fall falls fell reach reaches reached remain
    remains remained require requires required return returns returned arrive arrives arrived happen happens happened
    provide provides provided allow allows allowed""".split()
)


def phrase_spans(text: str, start: int, end: int) -> list[Span]:
    """Noun phrases of `text[start:end]` by the rules, and every other word or sign by itself."""
    words = word_spans(text, start, end)
    found: list[Span] = []
    at = 0
    while at < len(words):
        stop = _phrase_end(text, words, at)
        found.append((words[at][0], words[stop - 1][1]))
        at = stop
    return found


def _phrase_end(text: str, words: Sequence[Span], at: int) -> int:
    """The index behind the last word of the phrase that begins at word `at`; one further if none does."""
    first = _word(text, words[at])
    opens = first.lower() in _OPENERS
    if not opens and not _begins_phrase(first):
        return at + 1
    stop = at + 1
    while stop < len(words) and stop - at < _LONGEST:
        word = _word(text, words[stop])
        if text[words[stop - 1][1] : words[stop][0]].strip(" \u00a0") or words[stop][0] == words[stop - 1][1]:
            break
        lower = word.lower()
        named = word[0].isupper() and _word(text, words[stop - 1])[0].isupper()
        if lower in _LINKS and stop + 1 < len(words) and first[0].isupper() and _word(text, words[stop + 1])[0].isupper():
            stop += 2
            continue
        if not _WORDLIKE.match(word) or (lower in FUNCTION_WORDS and lower not in _OPENERS):
            break
        if lower in _OPENERS and not (opens and stop == at + 1):
            break
        if not named and stop > at + 1 and _verb_like(lower):
            break
        if not named and not opens and _verb_like(lower):
            break
        stop += 1
    return stop


def _begins_phrase(word: str) -> bool:
    lower = word.lower()
    if lower in FUNCTION_WORDS or not _WORDLIKE.match(word):
        return False
    return word[0].isupper() or word[0].isdigit() or lower in NUMBER_WORDS


def _verb_like(lower: str) -> bool:
    return lower in _VERBS or (
        len(lower) >= _SHORTEST_INFLECTED and lower.endswith(("ed", "ing", "ize", "izes", "ise", "ises", "ify", "ifies"))
    )


def _word(text: str, span: Span) -> str:
    return text[span[0] : span[1]]


def spacy_is_installed() -> bool:
    """Whether spaCy and its small English model are there."""
    return find_spec("spacy") is not None and find_spec(SPACY_MODEL) is not None


def spacy_spans(text: str) -> list[Span]:
    """Merged noun chunks and all other words of a text, by spaCy. Raises InvalidValue if it is not installed."""
    document = _spacy()(text)
    found: list[Span] = []
    chunks = {chunk.start: chunk for chunk in document.noun_chunks}
    token = 0
    while token < len(document):
        piece = chunks.get(token)
        span = piece if piece is not None else document[token : token + 1]
        token = span.end
        if span.text.strip():
            found.append((span.start_char, span.end_char))
    return found


@lru_cache(maxsize=1)
def _spacy() -> Any:
    if not spacy_is_installed():
        raise InvalidValue(
            f"spaCy or its model {SPACY_MODEL} is not installed: pip install spacy && python -m spacy download "
            f"{SPACY_MODEL}, or choose rules",
            "options.chunker",
        )
    import spacy

    return spacy.load(SPACY_MODEL, exclude=["ner", "lemmatizer"])
