"""Kept units back to text: slices of the original, with the original's own white space between them."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from promptpress.content import STRUCTURED_KINDS, Join, Kind, Passage, Replacement
from promptpress.text.spans import Span, SpanSet, merge, subtract


@dataclass(frozen=True)
class Rewritten:
    """`text[source]` of the original became `text[output]` of the result, which is not verbatim."""

    source: Span
    output: Span


@dataclass(frozen=True)
class Rendered:
    """A result text. `spans` are the slices of the original that it is made of, ordered and disjoint.

    Where `rewritten` is empty, `text` is the concatenation of those slices; otherwise what a method wrote stands between
    them, at the places that `rewritten` gives.
    """

    text: str
    spans: list[Span]
    rewritten: Sequence[Rewritten] = ()


def render(passage: Passage, kept: Set[int]) -> Rendered:
    """Concatenate the kept units of a passage, each joined to the next by one of the gaps that lay between them.

    The gap with the most line breaks is used, so that a paragraph break survives the sentences around it; inside JSON,
    the separator that the grammar needs there.
    """
    if not kept:
        return Rendered("", [])
    gaps, units = passage.gaps, passage.units
    order = sorted(kept)
    spans: list[Span] = [gaps[0]] if order[0] == 0 else []
    previous: int | None = None
    for index in order:
        if previous is not None:
            spans.append(joint(passage, previous, index))
        spans.append((units[index].start, units[index].end))
        previous = index
    if order[-1] == len(units) - 1:
        spans.append(gaps[-1])
    spans = subtract(merge(spans), passage.hidden) if passage.hidden else merge(spans)
    if passage.replaced:
        return _with_replacements(passage, spans)
    return Rendered("".join(passage.text[start:end] for start, end in spans), spans)


def _with_replacements(passage: Passage, spans: list[Span]) -> Rendered:
    verbatim = subtract(spans, merge((each.start, each.end) for each in passage.replaced))
    shown = SpanSet(spans)
    inside = [each for each in passage.replaced if each.text and shown.contains(each.start, each.end)]
    pieces: list[Span | Replacement] = [*verbatim, *inside]
    pieces.sort(key=lambda piece: (piece.start, piece.end) if isinstance(piece, Replacement) else piece)
    written: list[str] = []
    rewritten: list[Rewritten] = []
    length = 0
    for piece in pieces:
        if isinstance(piece, Replacement):
            rewritten.append(Rewritten((piece.start, piece.end), (length, length + len(piece.text))))
            written.append(piece.text)
        else:
            written.append(passage.text[piece[0] : piece[1]])
        length += len(written[-1])
    return Rendered("".join(written), verbatim, rewritten)


def joint(passage: Passage, left: int, right: int) -> Span:
    """The gap to use between two consecutive kept units."""
    gaps = passage.gaps
    if right == left + 1:
        return gaps[right]
    before, after = passage.units[left], passage.units[right]
    if before.join is Join.OPEN:
        return gaps[left + 1]
    if after.kind is Kind.FRAGMENT:
        return _joint_of_fragments(passage, left, right)
    if after.kind is Kind.STRING_SENTENCE and before.kind is Kind.STRING_SENTENCE:
        return _joint_in_string(passage, left, right)
    if after.join is Join.CLOSE or (after.kind in STRUCTURED_KINDS and after.requires):
        return gaps[right]
    text = passage.text
    blank = [g for g in range(left + 1, right + 1) if not text[slice(*gaps[g])].strip()]
    return gaps[max(blank or [right], key=lambda g: (text.count("\n", *gaps[g]), gaps[g][1] > gaps[g][0], g))]


def _joint_in_string(passage: Passage, left: int, right: int) -> Span:
    """The gap with the most line breaks, which are escaped in a string."""
    gaps = passage.gaps
    return gaps[
        max(range(left + 1, right + 1), key=lambda g: (passage.text.count("\\n", *gaps[g]), gaps[g][1] > gaps[g][0], g))
    ]


def _joint_of_fragments(passage: Passage, left: int, right: int) -> Span:
    """A line break if there was one; else what stood before the right one, so that a stop stays at the word before it; but
    never nothing between two words that had white space between them.
    """
    gaps, text = passage.gaps, passage.text
    breaks = [g for g in range(left + 1, right + 1) if "\n" in text[slice(*gaps[g])]]
    if breaks:
        return gaps[max(breaks, key=lambda g: (text.count("\n", *gaps[g]), g))]
    apart = [g for g in range(left + 1, right + 1) if gaps[g][0] < gaps[g][1]]
    words_meet = text[passage.units[left].end - 1].isalnum() and text[passage.units[right].start].isalnum()
    return gaps[apart[-1]] if apart and words_meet else gaps[right]
