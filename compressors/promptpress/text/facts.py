"""Facts: the words and strings whose loss or alteration changes what a text says.

Two strengths. *Uncuttable* spans (numbers with sign and unit, dates, identifiers, quotations, inline code) may never be
kept in part. *Scope* words (negation, exclusivity, bounds) may not be dropped from a sentence of which anything is kept.
English scope words are complete; the lists of the other languages hold their commonest negations.
"""

from collections.abc import Iterator, Sequence

import regex

from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span, merge

_UNIT = (
    r"(?:%|‰|°[CFK]?|(?:[kKMGTP]i?[Bb]|bytes?|bits?|[kmcµnM]?[mgsLlWVAJN]|k[mg]|Hz|[kMG]Hz|[kM]?Pa|mph|km/h|ml|mL|dB|px|pt|"
    r"hours?|hrs?|min(?:ute)?s?|sec(?:ond)?s?|ms|days?|weeks?|months?|years?|miles?|feet|ft|inch(?:es)?|pounds?|lbs?|"
    r"tons?|tonnes?|acres?|million|billion|trillion|thousand|hundred|percent|per cent|dollars?|euros?)(?![\w]))"
)
_NUMBER = r"(?:[+\-−±~≈<>≤≥=]{1,2}[ ]?)?[$€£¥₹]?\d+(?:[.,:/\-–T]\d+)*(?:st|nd|rd|th)?(?:[eE][+\-]?\d+)?"
_GAP = r"[ \u00a0]+"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)"
)

# One pattern for each kind: their matches are merged anyway, and an alternation of them all is ten times slower.
_BREAKABLE = [
    regex.compile(pattern)
    for pattern in (
        r"`[^`\n]{1,200}`",
        # Links and images of Markdown. The address may be a whole picture.
        r"!?\[[^\[\]\n]{0,300}\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+(?:[ ]+\"[^\"\n]{0,200}\")?\)",
        r"(?<![a-zA-Z0-9])[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s<>\"'）」』]+",
        r"(?<![\w.+\-])[\w.+\-]++@[\w\-]++(?:\.[\w\-]++)+",
        r"(?<![\w/])(?:~|\.{1,2})?(?:/[\w.@+\-]+){2,}/?",
        r"[A-Za-z]:\\[^\s\"<>|]+",
        r"(?<!\S)--?[a-zA-Z][\w\-]*(?:=[^\s]+)?",
        rf"{_MONTH}\.?{_GAP}\d{{1,2}}(?:st|nd|rd|th)?(?:,?{_GAP}\d{{4}})?",
        rf"\d{{1,2}}(?:st|nd|rd|th)?{_GAP}(?:of{_GAP})?{_MONTH}\.?(?:,?{_GAP}\d{{4}})?",
        r"(?<!\d)v?\d++(?:\.\d++){2,}(?:[\-+][\w.]+)?",
        rf"{_NUMBER}(?:[ \u00a0]?{_UNIT})?\w*",
        r"“[^“”\n]{1,120}”|«[^«»\n]{1,120}»|「[^「」\n]{1,60}」|(?<![\w\"])\"[^\"\n]{1,120}\"(?!\w)",
    )
]
_UNBROKEN = [
    regex.compile(pattern)
    for pattern in (
        r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        r"\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b|\b[a-z]+(?:[A-Z][a-z0-9]+)+\b",
    )
]
_SCOPE = regex.compile(
    r"""\b(?:not|no|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|unless|except(?:\ for)?|only|
    at\ (?:least|most)|no\ (?:more|less|fewer)\ than|(?:more|less|fewer)\ than|must|shall|may|hardly|barely|
    exclud(?:e|es|ed|ing)|
    nicht|kein(?:e[nmrs]?)?|nie(?:mals)?|ohne|nur|ne|pas|jamais|sans|sauf|sin|nunca|ningun[ao]?|sólo|não|nunca|sem|
    не|нет|никогда|без|только|nu|fără|değil|không|chưa)\b
    |\b\w+n['’]t\b|不|没|沒|無|无|未|ない|ません|않|없|لا|ليس|لم|لن|नहीं|मत|ไม่|δεν|μην""",
    regex.VERBOSE | regex.IGNORECASE,
)


def _matches(patterns: Sequence["regex.Pattern[str]"], text: str) -> Iterator[Span]:
    for pattern in patterns:
        check()
        for match in pattern.finditer(text):
            check()
            yield match.span()


def breakable_spans(text: str) -> list[Span]:
    """Facts that hold characters at which a text is otherwise divided: spaces, stops, commas. Sorted and disjoint."""
    return merge(_matches(_BREAKABLE, text))


def uncuttable_spans(text: str) -> list[Span]:
    """Spans of numbers, dates, identifiers, quotations and inline code, sorted and disjoint."""
    return merge([*breakable_spans(text), *_matches(_UNBROKEN, text)])


def scope_spans(text: str) -> list[Span]:
    """Spans of negations and of words that bound what a sentence claims, sorted and disjoint."""
    return merge(_matches([_SCOPE], text))


def fact_spans(text: str) -> list[Span]:
    """Every fact of the text: uncuttable spans and scope words, sorted and disjoint."""
    return merge([*uncuttable_spans(text), *scope_spans(text)])
