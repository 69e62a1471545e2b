"""One text of a message divided into what may be shortened and what stays word for word, and put together again."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptpress.content.render import Rendered, Rewritten
from promptpress.result import UnitScore
from promptpress.shapes import Slot
from promptpress.text.spans import Span, merge, trim


@dataclass(frozen=True)
class Portion:
    """The `pieces` of a text that may be shortened; all around them stays.

    `question` is what the text itself asks about them, or "". `protected` are spans of the text that stay although they lie
    in a piece.
    """

    slot: Slot
    pieces: Sequence[Span]
    question: str = ""
    protected: Sequence[Span] = ()

    @property
    def texts(self) -> list[str]:
        """The pieces."""
        return [self.slot.text[start:end] for start, end in self.pieces]

    @property
    def protected_in_pieces(self) -> list[list[Span]]:
        """For each piece the protected spans in it, counted from its beginning."""
        return [
            [(max(a, start) - start, min(b, end) - start) for a, b in self.protected if a < end and b > start]
            for start, end in self.pieces
        ]

    def assemble(self, rendered: Sequence[Rendered]) -> Rendered:
        """The whole text with its pieces as they are rendered; where one is empty, the white space before it goes too."""
        text = self.slot.text
        written: list[str] = []
        spans: list[Span] = []
        rewritten: list[Rewritten] = []
        position = length = 0
        for (start, end), piece in zip(self.pieces, rendered, strict=True):
            before = (position, start if piece.text else position + len(text[position:start].rstrip()))
            if before[0] < before[1]:
                spans.append(before)
                written.append(text[before[0] : before[1]])
                length += len(written[-1])
            spans += [(a + start, b + start) for a, b in piece.spans]
            rewritten += [
                Rewritten(
                    (each.source[0] + start, each.source[1] + start), (each.output[0] + length, each.output[1] + length)
                )
                for each in piece.rewritten
            ]
            written.append(piece.text)
            length += len(piece.text)
            position = end
        if not length:
            position = trim(text, position)[0]
        if position < len(text):
            spans.append((position, len(text)))
            written.append(text[position:])
        return Rendered("".join(written), merge(spans), tuple(rewritten))

    def unchanged(self) -> Rendered:
        """The text as it is."""
        return Rendered(self.slot.text, [(0, len(self.slot.text))] if self.slot.text else [])

    def scores(self, of_pieces: Sequence[list[UnitScore]]) -> list[UnitScore]:
        """The scores of the pieces' units, in characters of the whole text."""
        return [
            unit.model_copy(update={"start": unit.start + start, "end": unit.end + start})
            for (start, _), units in zip(self.pieces, of_pieces, strict=True)
            for unit in units
        ]


def whole(slot: Slot, protected: Sequence[Span] = ()) -> Portion:
    """A text all of which may be shortened, but for what is protected."""
    return Portion(slot, [(0, len(slot.text))], protected=protected)


def divided(slot: Slot, context: Sequence[Span], question: str) -> Portion:
    """A text of which only the context may be shortened; spans with nothing but white space between them are one piece."""
    pieces: list[Span] = []
    for start, end in merge(context):
        if pieces and not slot.text[pieces[-1][1] : start].strip():
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return Portion(slot, pieces, question)
