"""Divides the sentences of a passage into fragments that may be kept or dropped one by one.

A sentence of which anything is kept keeps its facts, its negations and other scope words, numbers, identifiers, quotations
and names, and the mark it ends with, so that it does not run into the next. Every fragment requires those, so budgets that
count what a unit requires stay exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

import regex

from promptpress.content import Kind, Passage, Unit
from promptpress.content.kinds import DIVISIBLE_KINDS
from promptpress.runtime.cancellation import check
from promptpress.text.facts import fact_spans, uncuttable_spans
from promptpress.text.graphemes import may_hold_clusters, splits_cluster
from promptpress.text.spans import Span, SpanSet
from promptpress.text.words import name_spans


class Level(StrEnum):
    """How finely a method may choose."""

    SENTENCE = "sentence"
    PHRASE = "phrase"
    WORD = "word"
    TOKEN = "token"


Splitter = Callable[[int, int], Sequence[Span]]
"""From `[start, end)` of one unit to spans in it, in order and disjoint, which cover all that is not white space."""

MOST_FACTS = 64
"""A sentence with more facts than this is a list of them, and stays whole."""
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|[\p{L}\p{M}\p{N}_]+(?:['’\-.&/][\p{L}\p{M}\p{N}_]+)*|\S"
)
_END_MARK = regex.compile(r"(?<=[\p{L}\p{M}\p{N}\p{Pe}\p{Pf}\"'`])[.?!…。！？।؟۔]+$")
_LABEL = {
    Kind.TURN: regex.compile(r"[^\n:>]{0,40}[:>]"),
    Kind.LIST_ITEM: regex.compile(r"(?:[-*+•◦▪–]|\(?\w{1,3}[.)])(?=\s)"),
}


def word_spans(text: str, start: int, end: int) -> list[Span]:
    """Words and single signs of `text[start:end]`; in scripts without spaces single characters."""
    return [match.span() for match in _WORD.finditer(text, start, end)]


def divide(passage: Passage, split: Splitter, facts: bool = True) -> Passage:
    """The passage with its prose divided into fragments; tables, JSON, code, headings and log lines stay as they are.

    Fragments that would cut a fact or a grapheme cluster are joined. A turn's speaker and a list item's mark are required
    by what they introduce; so are a sentence's facts if `facts` is set.
    """
    whole = SpanSet(uncuttable_spans(passage.text))
    required = SpanSet([*fact_spans(passage.text), *name_spans(passage.text)])
    divided: list[list[Unit]] = []
    labels: dict[int, int] = {}
    """From a unit to the new index of its label."""
    new_index: list[int] = []
    count = 0
    for index, unit in enumerate(passage.units):
        check()
        new_index.append(count)
        label = _label_end(passage.text, unit) if not unit.requires else None
        pieces = _pieces(passage.text, unit, split, whole, label) if unit.kind in DIVISIBLE_KINDS else []
        held = [i for i, span in enumerate(pieces) if required.overlaps(*span)]
        if len(pieces) <= 1 or len(held) > MOST_FACTS:
            divided.append([unit])
            count += 1
            continue
        if label is not None:
            labels[index] = count
        wanted = tuple(count + i for i in held if facts and not (label is not None and i == 0))
        if label is not None:
            wanted = (count, *wanted)
        mark = _end_mark(passage.text, unit, whole)
        if mark:
            pieces = [(start, min(end, mark[0])) for start, end in pieces if start < mark[0]]
            wanted = (*(i for i in wanted if i < count + len(pieces)), count + len(pieces))
        fragments = [
            # A label says nothing of what its sentence says, so later sentences of a turn can have it alone.
            Unit(*span, Kind.FRAGMENT, requires=() if label is not None and i == 0 else wanted)
            for i, span in enumerate(pieces)
        ]
        if mark:
            pieces.append(mark)
            fragments.append(Unit(*mark, Kind.FRAGMENT, structural=True))
        divided.append(fragments)
        count += len(pieces)
    units: list[Unit] = []
    for unit, pieces_of in zip(passage.units, divided, strict=True):
        inherited = tuple(labels.get(i, new_index[i]) for i in unit.requires)
        units += (
            [replace(piece, requires=_merged(piece, unit, inherited)) for piece in pieces_of] if inherited else pieces_of
        )
    return replace(passage, units=tuple(units), source_passage=passage)


def _merged(piece: Unit, unit: Unit, inherited: tuple[int, ...]) -> tuple[int, ...]:
    return inherited if piece is unit else (*inherited, *piece.requires)


def _label_end(text: str, unit: Unit) -> int | None:
    pattern = _LABEL.get(unit.kind)
    match = pattern.match(text, unit.start, unit.end) if pattern else None
    return match.end() if match else None


def _end_mark(text: str, unit: Unit, whole: SpanSet) -> Span | None:
    """Where the mark at the end of a sentence is, if there is one right behind a word."""
    match = _END_MARK.search(text, unit.start, unit.end)
    return match.span() if match and not whole.splits(match.start()) else None


def _pieces(text: str, unit: Unit, split: Splitter, whole: SpanSet, label: int | None) -> list[Span]:
    clusters = may_hold_clusters(text[unit.start : unit.end])
    joined: list[Span] = []
    for start, end in split(unit.start, unit.end):
        start, end = max(start, unit.start), min(end, unit.end)
        if start >= end:
            continue
        if joined and (
            start < joined[-1][1]
            or start < (label or 0)
            or whole.splits(start)
            or whole.splits(joined[-1][1])
            or (clusters and (splits_cluster(text, start) or splits_cluster(text, joined[-1][1])))
        ):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    if joined:
        # The unit's own edges split no cluster; white space that a mark stands on belongs to it.
        joined[0] = (unit.start, joined[0][1])
        joined[-1] = (joined[-1][0], unit.end)
    return joined
