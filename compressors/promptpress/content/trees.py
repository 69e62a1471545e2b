"""Output of `tree`: each file under its folders."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines, split_lines
from promptpress.content.unit_list import UnitList

_BRANCH = regex.compile(r"(?P<indent>(?:[│|][ \u00a0]{3}|[ \u00a0]{4})*+)(?:[├└][─]{1,3}|[|`+\\]--+)[ \u00a0]?\S")


class Trees(BlockType):
    """Lines with branches drawn before them, and the line above the first, which is their root."""

    name: ClassVar[str] = "trees"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line or the one below it has a branch."""
        return lines.matches(_BRANCH, at) or lines.matches(_BRANCH, at + 1)

    def block(self, lines: Lines, at: int) -> int:
        """The root and all branches."""
        count = 0 if lines.matches(_BRANCH, at) else 1
        branches = 0
        while lines.matches(_BRANCH, at + count):
            count += 1
            branches += 1
        return count if branches >= 2 else 0

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each line, which requires the folders it is in."""
        path: list[tuple[int, int]] = []
        for a, b in split_lines(text[start:end]):
            match = _BRANCH.match(text, start + a, start + b)
            depth = 1 + len(match["indent"]) // 4 if match else 0
            while path and path[-1][0] >= depth:
                path.pop()
            above = (path[-1][1],) if path else ()
            path.append((depth, out.add(start + a, start + b, Kind.RECORD, requires=above)))
