"""Packs passages into the windows that an evaluator reads together with the question."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptpress.backends.attention_heads.base import Evaluator
from promptpress.text.tokens import TokenIds, Tokens

_TITLE_PART = 4
"""A title takes at most a quarter of a window."""


@dataclass(frozen=True)
class PassagePart:
    """Tokens `[begin, end)` of a passage, which start at token `at` of a window."""

    passage: int
    begin: int
    end: int
    at: int


@dataclass
class PackedWindow:
    """Token ids to concatenate, the parts of passages among them, and the number of tokens so far."""

    ids: list[TokenIds]
    parts: list[PassagePart]
    length: int = 0

    def add(self, ids: TokenIds) -> None:
        """Append tokens."""
        self.ids.append(ids)
        self.length += len(ids)


def packed_windows(
    tokens: Sequence[Tokens], titles: Sequence[TokenIds], lengths: Sequence[int], budget: int, evaluator: Evaluator
) -> list[PackedWindow]:
    """Windows of at most `budget` tokens: each passage behind its title, a long one in several windows.

    `lengths` are the tokens of each passage to read, from the first. Several passages share a window if the evaluator packs
    passages and the whole passage fits.
    """
    gap = evaluator.tokenize(["\n\n"])[0].ids
    windows: list[PackedWindow] = []
    for index, (each, title, length) in enumerate(zip(tokens, titles, lengths, strict=True)):
        begin = 0
        title = title[: budget // _TITLE_PART]
        while begin < length:
            needed = len(gap) + len(title) + length - begin
            if evaluator.packs_passages and windows and windows[-1].length + needed <= budget:
                windows[-1].add(gap)
            else:
                windows.append(PackedWindow([], []))
            window = windows[-1]
            window.add(title)
            end = min(length, begin + budget - window.length)
            window.parts.append(PassagePart(index, begin, end, window.length))
            window.add(each.ids[begin:end])
            begin = end
    return windows
