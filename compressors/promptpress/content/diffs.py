"""Unified diffs: hunks below the header of their file."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

WHOLE_HUNK = 60
"""Lines up to which a hunk is one unit."""
_PART = 20
"""Lines of a longer hunk from which on a part of it ends at the next line of context."""
_HUNK = regex.compile(r"@@+ -\d+(?:,\d+)? .*?\+\d+(?:,\d+)? @@+")
_DIFF = regex.compile(r"diff --(?:git|cc|combined) |@@+ -\d+(?:,\d+)? .*?\+\d+(?:,\d+)? @@+|Index: \S|diff -[ru]")
_DIFF_BODY = regex.compile(
    r"[+\- @\\]|$|diff -|index |old mode|new mode|similarity|dissimilarity|rename|copy|new file|deleted file"
    r"|Binary|GIT binary|={10,}"
)
_FILE_HEADS = ("diff --", "diff -r", "diff -u", "Index: ")


class Diffs(BlockType):
    """The header of a file and its hunks."""

    name: ClassVar[str] = "diffs"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is the head of a file or a hunk."""
        return lines.matches(_DIFF, at) or _old_and_new(lines, at)

    def block(self, lines: Lines, at: int) -> int:
        """Up to the next file."""
        if not self.begins(lines, at):
            return 0
        count = 1
        in_hunk = lines.matches(_HUNK, at)
        while lines.matches(_DIFF_BODY, at + count) and not lines.startswith(_FILE_HEADS, at + count):
            if in_hunk and _old_and_new(lines, at + count) and lines.matches(_HUNK, at + count + 2):
                break
            in_hunk = in_hunk or lines.matches(_HUNK, at + count)
            count += 1
        while count > 1 and lines.blank(at + count - 1):
            count -= 1
        return count

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The header, which the hunks require; long hunks in parts, which require the hunk's line."""
        lines = Lines(text[start:end])
        hunks = [index for index in range(len(lines)) if lines.matches(_HUNK, index)]
        stops = [*hunks[1:], len(lines)] if hunks else []

        def add(first: int, stop: int, *, structural: bool = False) -> int:
            while stop - 1 > first and lines.blank(stop - 1):
                stop -= 1
            span = start + lines.spans[first][0], start + lines.spans[stop - 1][1]
            return out.add(*span, Kind.CODE, structural=structural)

        def add_hunks() -> None:
            for first, stop in zip(hunks, stops, strict=True):
                check()
                if stop - first <= WHOLE_HUNK:
                    add(first, stop)
                    continue
                with out.under(add(first, first + 1, structural=True)):
                    for part, part_stop in _parts(lines, first + 1, stop):
                        add(part, part_stop)

        if not hunks:
            add(0, len(lines))
        elif hunks[0] == 0:
            add_hunks()
        else:
            with out.under(add(0, hunks[0], structural=True)):
                add_hunks()


def _old_and_new(lines: Lines, at: int) -> bool:
    return lines.startswith(("--- ",), at) and lines.startswith(("+++ ",), at + 1)


def _parts(lines: Lines, first: int, stop: int) -> list[tuple[int, int]]:
    """Parts of a long hunk: each ends where lines of context begin or, within added or removed ones, when it is long."""
    parts = []
    begin = first
    for at in range(first + 1, stop):
        context = lines.startswith((" ",), at) or lines.blank(at)
        long = at - begin >= _PART and (context or at - begin >= 2 * WHOLE_HUNK)
        if long and not lines.blank(at):
            parts.append((begin, at))
            begin = at
    return [*parts, (begin, stop)]
