"""The outline of a text while it is divided: under which unit the next block stands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from promptpress.content.base import Block
from promptpress.content.lines import Lines, indent_of
from promptpress.content.scopes import Reach, Scope
from promptpress.text.spans import trim

_LISTS, _QUOTES = "lists", "quotes"


_BRIEF = 80
"""Characters up to which a numbered item is the title of those numbered under it."""


@dataclass
class _Open:
    scope: Scope
    unit: int
    start: int
    brief: bool
    """Whether it is a title: only then does 9.1 require 9, which may be a long clause of its own."""
    content_end: int | None = None
    """Where the last block that belongs to it ends."""


class Outline:
    """Open scopes, outermost first. Blocks are entered in their order."""

    def __init__(self, lines: Lines, blocks: Sequence[Block]) -> None:
        self._lines = lines
        self._open: list[_Open] = []
        self._last: Block | None = None
        self._in_list = False
        self._scopes = [block.type.scope(lines, block.start, block.end) for block in blocks]
        counts = Counter(scope.level for scope in self._scopes if scope and scope.reach is Reach.BLOCK)
        self._sections = {level for level, count in counts.items() if count > 1}

    def scope(self, index: int) -> Scope | None:
        """What begins with the block at `index`."""
        return self._scopes[index]

    def parent(self, block: Block, scope: Scope | None) -> int | None:
        """The unit that the block stands under, after the scopes that end with it are closed."""
        self._close(block, scope)
        for each in self._open:
            each.content_end = block.end
        self._last = block
        self._in_list = block.type.name == _LISTS or (self._in_list and self._indented(block))
        return self._open[-1].unit if self._open else None

    def begin(self, scope: Scope, unit: int, block: Block) -> None:
        """Let the following blocks belong to a unit of the block."""
        self._open.append(_Open(scope, unit, block.end, block.end - block.start <= _BRIEF))

    def _close(self, block: Block, scope: Scope | None) -> None:
        text = self._lines.text
        indent = indent_of(text[block.start : trim(text, block.start, block.end)[0]])
        kept: list[_Open] = []
        for each in self._open:
            if self._ends(each, block, scope, indent):
                break
            if not self._has_its_block(each, block):
                kept.append(each)
        self._open = kept

    def _ends(self, each: _Open, block: Block, scope: Scope | None, indent: int) -> bool:
        reach = each.scope.reach
        if scope is not None and each.scope.number and scope.number:
            if _follows(each.scope.number, scope.number):
                return True
            if _inside(each.scope.number, scope.number) and each.brief:
                return False
        if scope is not None and scope.reach is not Reach.INDENTED and each.scope.level >= scope.level:
            # What is indented in an item belongs to it, whatever it is.
            return reach is not Reach.INDENTED or indent <= each.scope.indent
        if each.scope.longest is not None and block.start - each.start > each.scope.longest:
            return True
        return reach is Reach.INDENTED and indent <= each.scope.indent

    def _has_its_block(self, each: _Open, block: Block) -> bool:
        """Whether the scope reaches over one block, has that already, and this one is apart from it."""
        reach = each.scope.reach
        if reach not in (Reach.BLOCK, Reach.ONE_BLOCK) or (reach is Reach.BLOCK and each.scope.level in self._sections):
            return False
        if each.content_end is None or self._last is None:
            return False
        last = self._last.type.name
        if last == _QUOTES and block.type.name != _QUOTES:
            return True
        apart = self._lines.text.count("\n", each.content_end, block.start) > 1
        return apart and not (self._in_list and (block.type.name == _LISTS or self._indented(block)))

    def _indented(self, block: Block) -> bool:
        return self._lines.text[block.start : block.start + 1] in (" ", "\t")


def _follows(number: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether 9.2 and 10 follow 9.1 and 9."""
    return len(number) == len(other) and number[:-1] == other[:-1] and other[-1] == number[-1] + 1


def _inside(number: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether 9.1 is a part of 9."""
    return len(number) < len(other) and other[: len(number)] == number
