"""Which blocks of a text belong to a heading, a label, a list item or a message above them."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import regex


class Level(IntEnum):
    """A scope ends where another of its level or of a smaller number begins."""

    MESSAGE = 0
    HEADING = 100
    """And one more for each level of a heading of Markdown, 1 to 6."""
    NUMBERED = 110
    """And one more for each number of a heading such as "3.2"."""
    LINE = 120
    """A heading of a line in bold or capitals."""
    TITLE = 128
    LABEL = 130
    INTRODUCTION = 140
    """The end of a paragraph that introduces a list."""
    QUOTE = 150
    """Replies below what they reply to."""
    ITEM = 200


class Reach(StrEnum):
    """How far a scope reaches, unless a heading ends it."""

    SECTION = "section"
    """Up to the next scope of its level or above."""
    BLOCK = "block"
    """The block, list or quotation behind it. Where a text has several of the kind, they reach like sections."""
    ONE_BLOCK = "one_block"
    """The block, list or quotation behind it, always."""
    INDENTED = "indented"
    """What is indented further."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What begins with a block. `indent` in columns, for scopes that reach by indentation; `longest` in characters."""

    level: int
    reach: Reach = Reach.SECTION
    indent: int = 0
    longest: int | None = None
    number: tuple[int, ...] = ()
    """(9, 1) for what begins with "9.1"."""


_NUMBER = regex.compile(r"\s*(?:§+[ ]?)?(\d{1,3}(?:\.\d{1,3}){0,4})[.)]?[ \t]")


def number_of(text: str, start: int, end: int) -> tuple[int, ...]:
    """The number with which `text[start:end]` begins."""
    match = _NUMBER.match(text, start, end)
    return tuple(int(each) for each in match[1].split(".")) if match else ()
