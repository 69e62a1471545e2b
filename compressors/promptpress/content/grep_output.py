"""Results of searches in files, as grep and ripgrep print them: every line with its path, or below it."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.line_blocks import FoundBlocks, LineUnits, paragraphs
from promptpress.content.lines import Lines
from promptpress.content.logs import LOG_LINE
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_PATH = r"(?:[A-Za-z]:)?(?:[\w.@+~\-]+[/\\])*[\w.@+~\-]*\w"
_HIT = regex.compile(rf"(?=[^\s:]*[./\\])(?=[^:\s]*\p{{L}})(?P<path>{_PATH})(?P<sign>[:\-])\d+(?P=sign)")
_PLAIN = regex.compile(r"(?P<path>(?:[\w.@+~\-]+/)*[\w@+~\-]+\.\w{1,8}):(?=\s*\S)(?!//)")
_NUMBERED = regex.compile(r"\s*\d+[:\-]")
_HEADING = regex.compile(rf"(?:\./|/)?{_PATH}$")
_SEPARATOR = regex.compile(r"--$")
_FEWEST = 2


class GrepOutput(FoundBlocks):
    """Lines that begin with a path, or with a number below the path of their file."""

    name: ClassVar[str] = "grep_output"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Paragraphs of such lines."""
        for first, stop in paragraphs(lines):
            check()
            if stop - first < _FEWEST or lines.matches(LOG_LINE, first):
                continue
            if _hits(lines, first, stop) >= max(_FEWEST, 0.7 * (stop - first)) or _headed(lines, first, stop):
                yield first, stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each line; the path above numbered ones is structural."""
        units = LineUnits(text, start, end, out)
        lines = units.lines
        heading: tuple[int, ...] = ()
        for at in range(len(lines)):
            check()
            if lines.matches(_SEPARATOR, at):
                units.add(at, at + 1, structural=True)
            elif lines.matches(_NUMBERED, at + 1) and lines.matches(_HEADING, at) and not lines.matches(_NUMBERED, at):
                heading = (units.add(at, at + 1, structural=True),)
            else:
                units.add(at, at + 1, requires=heading if lines.matches(_NUMBERED, at) else ())


def _hits(lines: Lines, first: int, stop: int) -> int:
    numbered = sum(_is_hit(lines, at) or lines.matches(_SEPARATOR, at) for at in range(first, stop))
    return numbered or sum(lines.matches(_PLAIN, at) for at in range(first, stop))


def _is_hit(lines: Lines, at: int) -> bool:
    """Whether the line begins with a path and a number, not with a date or a time."""
    hit = _HIT.match(lines.text, *lines.spans[at])
    return hit is not None and (regex.search(r"[./\\]", hit["path"]) is not None or not lines.matches(LOG_LINE, at))


def _headed(lines: Lines, first: int, stop: int) -> bool:
    path = lines[first]
    if not lines.matches(_HEADING, first) or ("/" not in path and "." not in path):
        return False
    return all(lines.matches(_NUMBERED, at) or lines.matches(_SEPARATOR, at) for at in range(first + 1, stop))
