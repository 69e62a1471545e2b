"""How a method that works with token scores divides passages: the option `unit`, and what it means for each passage."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from promptpress.content import Passage
from promptpress.content.fragments.divide import Level, Splitter, divide, word_spans
from promptpress.content.fragments.phrases import phrase_spans, spacy_is_installed, spacy_spans
from promptpress.text.spans import Span, trim

Chunker = Literal["auto", "rules", "spacy"]


class TokenOffsets(Protocol):
    """Where the tokens of a text lie in it: arrays (tokens,) of characters, as a model's tokenizer gives them."""

    @property
    def starts(self) -> NDArray[Any]:
        """The first character of each token."""

    @property
    def ends(self) -> NDArray[Any]:
        """The character behind each token."""


def divide_all(
    passages: Sequence[Passage],
    level: Level,
    facts: bool,
    tokenize: Callable[[Sequence[str]], Sequence[TokenOffsets]],
    chunker: Chunker = "rules",
) -> list[Passage]:
    """The passages with units of the level. `tokenize` is asked only for tokens, `chunker` matters only for phrases.

    Raises InvalidValue if spaCy is asked for and not installed.
    """
    if level is Level.SENTENCE:
        return list(passages)
    if level is Level.TOKEN:
        spans = [token_spans(p.text, t) for p, t in zip(passages, tokenize([p.text for p in passages]), strict=True)]
        return [divide(p, _within(each), facts) for p, each in zip(passages, spans, strict=True)]
    if level is Level.PHRASE and uses_spacy(chunker):
        return [divide(p, _with_signs(p.text, _within(spacy_spans(p.text))), facts) for p in passages]
    find = word_spans if level is Level.WORD else phrase_spans
    return [divide(p, _with_signs(p.text, partial(find, p.text)), facts) for p in passages]


def uses_spacy(chunker: Chunker) -> bool:
    """Whether phrases are spaCy's."""
    return chunker == "spacy" or (chunker == "auto" and spacy_is_installed())


def token_spans(text: str, tokens: TokenOffsets) -> list[Span]:
    """What each token stands for without white space at its edges; tokens that are parts of one character together."""
    found: list[Span] = []
    for start, end in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True):
        start, end = trim(text, start, end)
        if start < end and (not found or start >= found[-1][1]):
            found.append((start, end))
    return found


def _with_signs(text: str, split: Splitter) -> Splitter:
    """Signs join the word that they touch, the one before them first: a stop by itself says nothing."""

    def joined(start: int, end: int) -> Sequence[Span]:
        found: list[Span] = []
        opening = False
        for begin, stop in split(start, end):
            sign = not any(character.isalnum() for character in text[begin:stop])
            if found and found[-1][1] == begin and (sign or opening):
                found[-1] = (found[-1][0], stop)
                opening &= sign
            else:
                found.append((begin, stop))
                opening = sign
        return found

    return joined


def _within(spans: Sequence[Span]) -> Splitter:
    starts, ends = [start for start, _ in spans], [end for _, end in spans]

    def split(start: int, end: int) -> Sequence[Span]:
        return spans[bisect_right(ends, start) : bisect_left(starts, end)]

    return split
