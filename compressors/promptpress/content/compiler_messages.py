"""Output of compilers and linters: a message with its place, source and caret is one unit, and errors come first."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.kinds import Kind
from promptpress.content.line_blocks import FoundBlocks, LineUnits, paragraphs
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_PLACE = r"(?:[A-Za-z]:\\)?[\w./\\@+~\-\[\]]{1,200}\.\w{1,8}"
_LEVEL = (
    r"(?:(?P<error>(?:fatal )?[Ee]rror|ERROR|\[ERROR\]|undefined reference)"
    r"|(?P<lesser>[Ww]arning|WARN(?:ING)?|[Nn]ote|[Ii]nfo|hint|help|remark))"
)
_MESSAGE = regex.compile(
    rf"""\s*(?:\[ERROR\]\ |\[WARN(?:ING)?\]\ )?(?:{_PLACE}[:(]\d+(?:[:,.]\d+)*\)?\s*(?::|-|\s)\s*{_LEVEL}\b
    |(?:e|w):\ (?:file://)?{_PLACE}:\d+
    |{_PLACE}:\d+:\d+:\ (?P<plain>\S)
    |(?P<rust>error|warning)(?:\[\w+\])?:\ \S)""",
    regex.VERBOSE,
)
_CONTEXT = regex.compile(rf"{_PLACE}: (?:In |At |in )\S|In file included from |\s+from {_PLACE}:\d+[:,]$")
_NOTE = regex.compile(rf"\s*{_PLACE}[:(]\d+(?:[:,.]\d+)*\)?\s*(?::|-)\s*(?:note|help|hint)\b")
_ARROW = regex.compile(r"\s*(?:-->|:::|╭─|┌─)\s")
_EXCERPT = regex.compile(
    r"\s*+(?:\d*+\s*+[|│]|=\s(?:note|help)|[~^]|(?:symbol|location|required|found|reason)\s*+:|\.\.\.$|[│╰╭┌└·])"
)
_FILE_HEADING = regex.compile(rf"{_PLACE}$")
_LINT = regex.compile(r"\s+\d+:\d+\s+(?P<level>error|warning|info|✖|⚠)\s")
_LAST = regex.compile(
    r"(?:error|warning): |\w*For more information|Found \d+ errors?|\d+ (?:errors?|warnings?)|✖ \d+ problems?"
    r"|BUILD FAILED"
)
_SMALL = 200
"""Characters up to which a message with its excerpt is one unit; of a longer one the excerpt requires the message."""
_SHORT = 600
"""Characters of the first error up to which all other lines require it."""


class CompilerMessages(FoundBlocks):
    """A paragraph that holds messages with the places in the source that they are about."""

    name: ClassVar[str] = "compiler_messages"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Runs of paragraphs with a message each, or with the closing words of a compiler."""
        begin, end = -1, -1
        for first, stop in paragraphs(lines):
            check()
            if any(_is_message(lines, at) for at in range(first, stop)) or (begin >= 0 and lines.matches(_LAST, first)):
                begin = first if begin < 0 else begin
                end = stop
            elif begin >= 0:
                yield begin, end
                begin = -1
        if begin >= 0:
            yield begin, end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Each message with what belongs to it; warnings and other lines require the first error."""
        units = LineUnits(text, start, end, out)
        lines = units.lines
        lesser: list[int] = []
        errors: list[int] = []
        heading: int | None = None
        at = 0
        while at < len(lines):
            check()
            if lines.blank(at):
                at += 1
                continue
            stop = at + 1
            requires = () if heading is None else (heading,)
            if lines.matches(_FILE_HEADING, at) and lines.matches(_LINT, at + 1):
                heading = units.add(at, stop, kind=Kind.CODE, structural=True)
                at = stop
                continue
            lint = _LINT.match(lines[at])
            if lint:
                index = units.add(at, stop, kind=Kind.CODE, requires=requires)
                (errors if lint["level"] in ("error", "✖") else lesser).append(index)
            else:
                stop = _message_end(lines, at)
                head = _head_end(lines, at, stop) if units.length(at, stop) > _SMALL else stop
                index = units.add(at, head, kind=Kind.CODE)
                if head < stop:
                    units.add(head, stop, kind=Kind.CODE, requires=(index,))
                if stop == at + 1 and not _is_message(lines, at):
                    lesser.append(index)
                else:
                    (errors if _is_error(lines, at, stop) else lesser).append(index)
            at = stop
        if errors and out.units[errors[0]].end - out.units[errors[0]].start <= _SHORT:
            for index in lesser:
                out.require(index, errors[0])


def _is_message(lines: Lines, at: int) -> bool:
    match = _MESSAGE.match(lines.text, *lines.spans[at])
    if match is None:
        return lines.matches(_LINT, at)
    if match["rust"]:
        return lines.matches(_ARROW, at + 1)
    return match["plain"] is None or not lines.matches(_TIME, at)


_TIME = regex.compile(r"\s*\S*\d{4}-\d\d")


def _is_error(lines: Lines, first: int, stop: int) -> bool:
    for at in range(first, stop):
        match = _MESSAGE.match(lines.text, *lines.spans[at])
        if match:
            return not match["lesser"] and match["rust"] != "warning" and not lines[at].lstrip().startswith("w:")
    return True


def _head_end(lines: Lines, at: int, stop: int) -> int:
    """Behind the message and the line with its place."""
    while at < stop - 1 and not _is_message(lines, at):
        at += 1
    return at + 2 if at + 1 < stop and lines.matches(_ARROW, at + 1) else at + 1


def _message_end(lines: Lines, at: int) -> int:
    """Behind the excerpt, caret and notes of the message that begins in line `at` or below the lines of context there."""
    stop = at
    while lines.matches(_CONTEXT, stop):
        stop += 1
    if stop >= len(lines) or not _is_message(lines, stop):
        return max(stop, at + 1)
    stop += 1
    while stop < len(lines):
        if lines.matches(_NOTE, stop) or lines.matches(_EXCERPT, stop) or lines.matches(_ARROW, stop):
            stop += 1
            continue
        # The line of source that a caret below it points into, or an indented continuation.
        pointed = stop + 1 < len(lines) and regex.match(r"\s*[~^|]+[~^\s|-]*$", lines[stop + 1])
        indented = lines[stop][:1].isspace() and not _is_message(lines, stop) and not lines.matches(_LINT, stop)
        if not (
            pointed
            or (indented and not regex.match(r"\s+(?:Compiling|Finished|Checking|Running|Downloaded)\b", lines[stop]))
        ):
            break
        stop += 1
    return stop
