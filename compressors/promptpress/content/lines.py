"""A text by lines: what content types look at to find their blocks."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar, cast

import regex

from promptpress.text.spans import Span, trim

_T = TypeVar("_T")
_TAB = 4
"""Columns of a tab."""


class Lines:
    """The lines of one text as spans, without their line breaks. Made anew for each text; content types share it.

    `depth` is how many containers, such as quotations, the text lies in.
    """

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.depth = depth
        self._remembered: dict[str, Any] = {}
        self.failures: Counter[str] = Counter()
        """How often a type, by name, has tried in vain to read a block here; for types whose attempt is costly."""
        self.found: dict[str, dict[int, int]] = {}
        """The blocks that a type, by name, has found in one pass over the text: first line to number of lines."""

    @cached_property
    def spans(self) -> list[Span]:
        """`[start, end)` of each line."""
        return split_lines(self.text)

    @cached_property
    def filled(self) -> list[Span]:
        """The lines that are not blank, without white space at their edges."""
        return trimmed_spans(self.text, self.spans)

    def __len__(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self.spans)

    def __getitem__(self, index: int) -> str:
        """One line. Raises IndexError behind the last."""
        start, end = self.spans[index]
        return self.text[start:end]

    def blank(self, index: int) -> bool:
        """Whether the line is empty or holds only white space."""
        return not self[index].strip()

    def matches(self, pattern: "regex.Pattern[str]", index: int) -> bool:
        """Whether the line begins with the pattern; False behind the last line."""
        return index < len(self.spans) and pattern.match(self.text, *self.spans[index]) is not None

    def once(self, name: str, find: Callable[["Lines"], _T]) -> _T:
        """What `find` finds in these lines, found once and remembered by name."""
        if name not in self._remembered:
            self._remembered[name] = find(self)
        return cast(_T, self._remembered[name])

    def index_at(self, position: int) -> int:
        """The line of a position in the text."""
        return bisect_right(self._starts, position) - 1

    def indent(self, index: int) -> int:
        """Columns of white space before the line's text."""
        line = self[index]
        return indent_of(line[: len(line) - len(line.lstrip())])

    def filled_after(self, index: int) -> int | None:
        """The next line that is not blank, if there is one."""
        for following in range(index + 1, len(self.spans)):
            if not self.blank(following):
                return following
        return None

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.spans]

    def startswith(self, prefixes: tuple[str, ...], index: int) -> bool:
        """Whether the line begins with one of the strings; False behind the last line."""
        return index < len(self.spans) and self[index].startswith(prefixes)


def indent_of(space: str) -> int:
    """Columns that white space takes at the beginning of a line."""
    return len(space.expandtabs(_TAB))


def split_lines(text: str) -> list[Span]:
    """Lines as spans without their line break; `\\r\\n` and `\\n` end a line."""
    lines: list[Span] = []
    start = 0
    while (end := text.find("\n", start)) >= 0:
        lines.append((start, end - 1 if end > start and text[end - 1] == "\r" else end))
        start = end + 1
    lines.append((start, len(text)))
    return lines


def trimmed_spans(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans without white space at their edges; those with nothing else are left out."""
    return [trimmed for span in spans if (trimmed := trim(text, *span))[0] < trimmed[1]]
