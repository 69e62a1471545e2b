"""Stack traces of any language: frames below the error, own ones before those of libraries."""

from collections.abc import Sequence
from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_LONGEST_CHAIN = 1200
"""Characters of all error lines of a chain up to which they are kept together."""
_PYTHON = regex.compile(r"\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):")
_CHAINED = regex.compile(r"(?:The above exception was the direct cause|During handling of the above exception)")
_CAUSE = regex.compile(r"\s*(?:Caused by: |Suppressed: |-{2,}> \S|\[cause\]: |Wrapped by: )")
_FRAME = regex.compile(
    r"""\s+at\ (?:async\ |new\ )?[\w.$<>/\[\]@:`~-]|\s+from\ \S+:\d+:in[ ]
    |\#\d+\s+(?:\S+\(\d+\):|\{main\}|\S.*\(\)\ (?:called\ )?at\ )
    |\s+\(\w+(?:\ [\d.]+)?\)\ \S+\.(?:exs?|erl):\d+:|\s+(?:lib|test|apps|src)/\S+\.exs?:\d+:
    |\s+\d+:\ +(?:0x[0-9a-f]+\ -\ )?(?:\S+::\S+|rust_begin_unwind|_?_?(?:main|start))$""",
    regex.VERBOSE,
)
_BESIDE = regex.compile(
    r"\s+\.\.\. \d+ (?:more|common|frames)|\s*-+ ?End of .*stack trace|\s+\[[\w ,]+\]$|\s+thrown in |\s+at <anonymous>$"
    r"|note: (?:run with|Some details)"
)
_HEADER = regex.compile(r"\s*(?:Stack ?trace:|stack backtrace:|goroutine \d+ \[.*\]:|created by )", regex.IGNORECASE)
_PANIC = regex.compile(r"(?:panic: |fatal error: |thread '.*' (?:\(\d+\) )?panicked at )")
_GO_FRAME = regex.compile(r"\s+\S+\.(?:go|s):\d+(?: \+0x[0-9a-f]+)?$")
_ERROR = regex.compile(r"\b(?:[A-Z]\w*)?(?:Error|Exception|Fehler|panic|Fatal|Uncaught|Unhandled)\b")
_LIBRARY = regex.compile(
    r"""site-packages|dist-packages|/lib/python\d|<frozen|node_modules|node:|\(internal/|/rustc/|\.cargo/|/usr/(?:local/)?(?:lib|go)/
    |vendor/|/gems/|/ruby/\d
    |at\ (?:java|javax|jdk|sun|kotlin|scala|System|Microsoft|org\.(?:spring|apache|junit|hibernate|eclipse))[./]
    |\bruntime\.|\bstd::|\bcore::|\(elixir\b|\(stdlib\b""",
    regex.VERBOSE,
)
_MOST_MESSAGE_LINES = 3


class Traces(BlockType):
    """A trace with its error line: behind the frames in Python, before them elsewhere; and its chained causes."""

    name: ClassVar[str] = "traces"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line is the head of a trace, or a frame follows it."""
        return lines.matches(_PYTHON, at) or lines.matches(_PANIC, at) or lines.matches(_FRAME, at + 1)

    def block(self, lines: Lines, at: int) -> int:
        """The head, the frames, and the error."""
        if lines.matches(_PYTHON, at):
            return _python_end(lines, at) - at
        if lines.matches(_PANIC, at):
            return _panic_end(lines, at) - at
        first = at + 1
        while first <= at + _MOST_MESSAGE_LINES and not lines.matches(_FRAME, first):
            if first >= len(lines) or lines.blank(first):
                return 0
            first += 1
        if not lines.matches(_FRAME, first) or (first > at + 1 and not _named_error(lines, at)):
            return 0
        count = first - at
        while lines.matches(_FRAME, at + count) or _goes_on(lines, at + count):
            count += 1
        return count

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Error lines, which are kept together, and frames, which require them; a library's require the program's own."""
        lines = Lines(text[start:end])
        errors, frames, heads, beside = _divided(lines)
        spans = sorted([*errors, *frames, *heads, *beside])
        indices: dict[tuple[int, int], int] = {}
        for first, stop in spans:
            check()
            span = start + lines.spans[first][0], start + lines.spans[stop - 1][1]
            structural = (first, stop) in heads or (first, stop) in beside
            indices[(first, stop)] = out.add(*span, Kind.CODE, structural=structural)
        chained = [indices[each] for each in (*errors, *heads)] if _length(lines, errors) <= _LONGEST_CHAIN else []
        for number, error in enumerate(errors):
            further = [each for each in chained if each != indices[error]]
            if not further:
                further = [indices[head] for head in heads if head[0] <= error[0]][-1:] + [indices[errors[0]]] * (number > 0)
            out.require(indices[error], *further)
        own = [frame for frame in frames if not _LIBRARY.search(text, *_span(lines, frame, start))]
        for frame in frames:
            nearest = _error_of(frame, errors, python=bool(heads) and lines.matches(_PYTHON, heads[0][0]))
            before = [] if frame in own else [indices[each] for each in own[-3:]]
            out.require(indices[frame], indices[nearest], *before)


def _span(lines: Lines, part: tuple[int, int], start: int) -> tuple[int, int]:
    return start + lines.spans[part[0]][0], start + lines.spans[part[1] - 1][1]


def _length(lines: Lines, parts: Sequence[tuple[int, int]]) -> int:
    return sum(lines.spans[stop - 1][1] - lines.spans[first][0] for first, stop in parts)


def _error_of(frame: tuple[int, int], errors: Sequence[tuple[int, int]], *, python: bool) -> tuple[int, int]:
    """The error that a frame belongs to: the next one in Python, else the one before."""
    if python:
        return next((error for error in errors if error[0] > frame[0]), errors[-1])
    return next((error for error in reversed(errors) if error[0] < frame[0]), errors[0])


def _divided(lines: Lines) -> tuple[list[tuple[int, int]], ...]:
    """Errors, frames, heads and lines beside them, each as the lines `[first, stop)`. There is at least one error."""
    errors: list[tuple[int, int]] = []
    frames: list[tuple[int, int]] = []
    heads: list[tuple[int, int]] = []
    beside: list[tuple[int, int]] = []
    python = lines.matches(_PYTHON, 0)
    at = 0
    while at < len(lines):
        check()
        stop = at + 1
        if lines.blank(at):
            pass
        elif any(lines.matches(each, at) for each in (_PYTHON, _CHAINED, _HEADER)):
            heads.append((at, stop))
        elif lines.matches(_BESIDE, at):
            beside.append((at, stop))
        elif (frame_end := _frame_end(lines, at, python=python)) is not None:
            stop = frame_end
            frames.append((at, stop))
        else:
            stop = stop if python else _message_end(lines, stop)
            errors.append((at, stop))
        at = stop
    if not errors:
        errors.append(frames.pop() if frames else heads.pop() if heads else beside.pop())
    return errors, frames, heads, beside


def _frame_end(lines: Lines, at: int, *, python: bool) -> int | None:
    """Behind the frame that begins at the line; None if none does."""
    stop = at + 1
    if python and (lines.startswith((" ", "\t"), at) or _in_group(lines, at)):
        while stop < len(lines) and lines.startswith((" ", "\t"), stop) and 'File "' not in lines[stop]:
            stop += 1
        return stop
    if lines.matches(_FRAME, at):
        while lines.matches(_NEXT_OF_RUST, stop):
            stop += 1
        return stop
    return stop + 1 if at > 0 and lines.matches(_GO_FRAME, at + 1) else None


def _message_end(lines: Lines, at: int) -> int:
    while at < len(lines) and _is_message(lines, at):
        at += 1
    return at


_NEXT_OF_RUST = regex.compile(r"\s{8,}at \S")


def _in_group(lines: Lines, at: int) -> bool:
    return lines[at].lstrip().startswith(("|", "+-"))


def _is_message(lines: Lines, at: int) -> bool:
    return not (
        lines.blank(at)
        or any(lines.matches(each, at) for each in (_FRAME, _CAUSE, _BESIDE, _HEADER, _CHAINED))
        or lines.matches(_GO_FRAME, at + 1)
    )


def _named_error(lines: Lines, at: int) -> bool:
    return _ERROR.search(lines[at]) is not None and lines[at][:1] not in (" ", "\t", "-", "*")


def _goes_on(lines: Lines, at: int) -> bool:
    if lines.matches(_CAUSE, at) or lines.matches(_BESIDE, at):
        return True
    # The message of a cause may go on in the next line.
    return lines.matches(_CAUSE, at - 1) and lines.matches(_FRAME, at + 1)


def _python_end(lines: Lines, at: int) -> int:
    """Behind the error line, and behind that of each exception that it was chained to."""
    end = at + 1
    while lines.startswith((" ", "\t"), end):
        end += 1
    if end < len(lines) and not lines.blank(end):
        end += 1
    chain = lines.filled_after(end - 1)
    if chain is None or chain - end > 1 or not lines.matches(_CHAINED, chain):
        return end
    following = lines.filled_after(chain)
    return _python_end(lines, following) if following is not None and lines.matches(_PYTHON, following) else end


def _panic_end(lines: Lines, at: int) -> int:
    """Behind the last frame of a panic of Go or Rust; blank lines lie between its goroutines."""
    end = at + 1
    while end < len(lines):
        if lines.blank(end):
            following = lines.filled_after(end)
            if following is None or not lines.matches(_HEADER, following):
                break
            end = following + 1
            continue
        if not (
            end - at <= _MOST_MESSAGE_LINES
            or any(lines.matches(each, end) for each in (_FRAME, _BESIDE, _HEADER, _GO_FRAME, _NEXT_OF_RUST))
            or lines.matches(_GO_FRAME, end + 1)
        ):
            break
        end += 1
    return end
