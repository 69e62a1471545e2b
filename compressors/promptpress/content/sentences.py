"""Sentence boundaries inside one paragraph, as exact character spans."""

import itertools

import regex
from nupunkt import sent_spans

from promptpress.content.sentence_rules import further_edges, goes_on, inside_marks
from promptpress.runtime.cancellation import check
from promptpress.text.facts import breakable_spans
from promptpress.text.language import language_of
from promptpress.text.spans import Span, SpanSet, trim

LONG_SENTENCE = 900
"""Width (see `_width`) above which a sentence is divided further: about 200 tokens of English."""

# nupunkt knows the stops and abbreviations of alphabetic scripts; these are the stops it does not know. A closing quote
# or bracket belongs to the sentence it closes.
# "...。" followed by a quotative particle goes on.
_CLOSER = r"""[」』”’）)\]】》〉"']"""
_OTHER_STOPS = regex.compile(rf"[。！？｡︒؟۔।॥።፧։။၊។៕᠃᠉]+\s*(?:{_CLOSER}++(?!と|って|という)|(?!{_CLOSER}))[ \u3000\t]*")
_HAS_OTHER_STOPS = regex.compile(r"[。！？｡︒؟۔।॥።፧։။၊។៕᠃᠉]")
_CLAUSE_END = regex.compile(r"[;:,—–、，；：،؛][\s]*|(?<!\s)\s++[—–-]\s++|\n+")
_SPACE = regex.compile(r"\s+")
_WIDE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_GRAPHEME = regex.compile(r"\X")


def sentence_spans(text: str, start: int, end: int) -> list[Span]:
    """Sentences of `text[start:end]`, without surrounding white space, in order.

    Spans index `text`. A boundary never falls inside a number, address, date, quotation or other fact that
    `promptpress.text.facts` would not cut, and a sentence longer than `LONG_SENTENCE` is divided at its clauses.
    """
    paragraph = text[start:end]
    if not paragraph.strip():
        return []
    language = language_of(text)
    marks = SpanSet(inside_marks(paragraph))
    edges = [
        edge
        for edge in sorted({*(span_end for _, span_end in sent_spans(paragraph)), *further_edges(paragraph)})
        if not marks.splits(trim(paragraph, 0, edge)[1]) and not goes_on(paragraph, edge, language)
    ]
    if _HAS_OTHER_STOPS.search(paragraph):
        edges = sorted({*edges, *(match.end() for match in _OTHER_STOPS.finditer(paragraph))})
    uncuttable = SpanSet(breakable_spans(paragraph)) if len(edges) > 1 or len(paragraph) > LONG_SENTENCE else None
    spans: list[Span] = []
    previous = 0
    for edge in [*edges, len(paragraph)]:
        check()
        if edge <= previous:
            continue
        stripped = trim(paragraph, previous, edge)
        if uncuttable and edge < len(paragraph) and uncuttable.splits(stripped[1]):
            continue
        if stripped[0] < stripped[1]:
            spans.extend(_divide_long(paragraph, stripped, uncuttable))
        previous = edge
    return [(span_start + start, span_end + start) for span_start, span_end in spans]


def clause_spans(text: str, start: int, end: int) -> list[Span]:
    """The clauses of one sentence, one where it has no others; for budgets smaller than any sentence."""
    uncuttable = SpanSet((start + s, start + e) for s, e in breakable_spans(text[start:end]))
    cuts = [m.end() for m in _CLAUSE_END.finditer(text, start, end)]
    cuts = [cut for cut in cuts if start < cut < end and not uncuttable.splits(cut)]
    edges = [start, *cuts, end]
    spans = [trim(text, a, b) for a, b in itertools.pairwise(edges)]
    return [span for span in spans if span[0] < span[1]]


def _divide_long(text: str, span: Span, uncuttable: SpanSet | None) -> list[Span]:
    start, end = span
    if uncuttable is None or _width(text, start, end) <= LONG_SENTENCE:
        return [span]
    pieces: list[Span] = []
    clauses = [m.end() for m in _CLAUSE_END.finditer(text, start, end)]
    spaces = [m.end() for m in _SPACE.finditer(text, start, end)]
    clause_index = space_index = 0
    while _width(text, start, end) > LONG_SENTENCE:
        check()
        limit = _position_at_width(text, start, end, LONG_SENTENCE)
        earliest = start + (limit - start) // 4
        while clause_index < len(clauses) and clauses[clause_index] <= limit:
            clause_index += 1
        while space_index < len(spaces) and spaces[space_index] <= limit:
            space_index += 1
        cut = _last_free(clauses, clause_index, earliest, uncuttable) or _last_free(
            spaces, space_index, earliest, uncuttable
        )
        if cut is None:
            cut = _grapheme_cut(text, limit, end, uncuttable)
        if cut >= end:
            break
        piece = trim(text, start, cut)
        if piece[0] < piece[1]:
            pieces.append(piece)
        start = cut
    rest = trim(text, start, end)
    return [*pieces, rest] if rest[0] < rest[1] else pieces


def _last_free(cuts: list[int], upto: int, earliest: int, uncuttable: SpanSet) -> int | None:
    for index in range(upto - 1, -1, -1):
        if cuts[index] <= earliest:
            return None
        if not uncuttable.splits(cuts[index]):
            return cuts[index]
    return None


def _grapheme_cut(text: str, limit: int, end: int, uncuttable: SpanSet) -> int:
    """The first grapheme boundary at or after `limit` that splits no fact."""
    # A cluster may start before `limit`; twenty characters back is longer than any emoji sequence in use.
    position = max(0, limit - 20)
    for match in _GRAPHEME.finditer(text, position, end):
        if match.end() >= limit and not uncuttable.splits(match.end()):
            return int(match.end())
    return end


def _width(text: str, start: int, end: int) -> int:
    """Length in characters, a character of a script written without spaces counting four."""
    length = end - start
    # Whatever the characters are, the answer to "too long?" is already known.
    if length * 4 <= LONG_SENTENCE or length > LONG_SENTENCE:
        return length
    return length + 3 * sum(1 for _ in _WIDE.finditer(text, start, end))


def _position_at_width(text: str, start: int, end: int, width: int) -> int:
    wide = sum(1 for _ in _WIDE.finditer(text, start, min(end, start + width)))
    seen = min(end - start, width) or 1
    return start + max(1, int(width / (1 + 3 * wide / seen)))
