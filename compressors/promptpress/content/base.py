"""What a content type is: how its text is recognised, which units it has, and what its output must still satisfy.

A type recognises itself in one or more of three ways, each a base class of its own: as a whole text (`WholeText`), as a
block of lines (`BlockType`), or as lines of a paragraph (`LineType`). `promptpress.content.registry` lists the types in the
order in which they are asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from promptpress.content.lines import Lines
from promptpress.content.scopes import Scope
from promptpress.content.unit import Passage, Unit
from promptpress.content.unit_list import UnitList

DEEPEST = 12
"""Containers that may lie in each other; further ones are taken for prose."""

UnitsOf = Callable[[str], Sequence[Unit]]
"""The units of any text, as `segment` finds them."""


class ContentType(ABC):
    """One type of text. Has no state; what it must remember of a text it keeps in `Lines`."""

    name: ClassVar[str]

    def scope(self, lines: Lines, start: int, end: int) -> Scope | None:
        """Which blocks behind the block `[start, end)` belong to its first unit; None if it stands for itself."""
        return None

    def check(self, passage: Passage, text: str) -> bool:
        """Whether `text`, made of kept units of the passage, is still sound as this type; True where there is none of it."""
        return True


class WholeText(ContentType):
    """A type that a text may be of as a whole."""

    @abstractmethod
    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Add the units of the whole text and return True, or add nothing and return False."""


class BlockType(ContentType):
    """A type that consecutive lines may be of, by what the first of them is."""

    @abstractmethod
    def block(self, lines: Lines, at: int) -> int:
        """How many lines the block that begins at line `at`, which is not blank, takes; 0 if none of this type does."""

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether line `at` ends a paragraph before it because such a block may begin there; quick, and may err."""
        return False

    @abstractmethod
    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Add the units of the block `text[start:end]`: whole lines, without the last one's line break."""


class Container(BlockType):
    """A block that encloses a text of any type: a quotation, a tagged source."""

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Never asked; `contents` is."""
        raise NotImplementedError

    @abstractmethod
    def contents(self, lines: Lines, start: int, end: int, out: UnitList, units_of: UnitsOf) -> None:
        """Add the units of the block and of the text inside, which `units_of` divides."""


@dataclass(frozen=True)
class Paragraph:
    """Consecutive lines from `first` on, none of them blank, and for each the first type whose mark it has."""

    lines: Lines
    first: int
    marks: Sequence["LineType"]

    def count(self, name: str) -> int:
        """How many lines have the mark of a type."""
        return sum(mark.name == name for mark in self.marks)


class LineType(ContentType):
    """A type that single lines of a paragraph may be of, by their beginning: a bullet, a speaker, a time."""

    needs_paragraph: ClassVar[bool] = False
    """Whether a mark counts only in a paragraph that the type claims; else the lines without it are prose."""

    @abstractmethod
    def marks(self, lines: Lines, index: int) -> bool:
        """Whether the line has the mark of this type."""

    def claims(self, paragraph: Paragraph) -> bool:
        """Whether every line of the paragraph is a block of this type, as most of them have its mark."""
        return False

    def goes_on(self, lines: Lines, first: int, index: int) -> bool:
        """Whether line `index`, prose by itself, goes on with the block of this type that begins at line `first`."""
        return False

    def ends_with_line(self, lines: Lines, index: int) -> bool:
        """Whether the line cannot go on in the next one, as a wrapped line of prose does."""
        return False

    @abstractmethod
    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Add the units of the block `text[start:end]`."""


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, whole lines without the last line's break, and the type of its content."""

    start: int
    end: int
    type: BlockType | LineType
