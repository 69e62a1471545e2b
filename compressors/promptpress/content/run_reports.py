"""Reports of test runs: each failure below its heading, its error before the rest, and the summary."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.kinds import Kind
from promptpress.content.line_blocks import FoundBlocks, LineUnits
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

WHOLE_FAILURE = 400
"""Characters up to which a failure is one unit."""
_BANNER = regex.compile(r"(?P<sign>[=!])(?P=sign){2,} .{1,200}? (?P=sign){3,}$")
_RESULT = regex.compile(
    r"""={3,}\ .*\b(?:\d+\ (?:passed|failed|errors?)|no\ tests\ ran)\b.*\ ={3,}$|(?:Tests?|Test\ Suites
    |Snapshots|Time|Test\ Files|Duration):?\s+\d
    |\s*\d+\ (?:passing|failing|pending|examples?,)\b|test\ result:|Ran\ \d+\ tests?|FAILED\ \(
    |(?:FAIL|ok|FAIL:|---)\s+\S+\s+(?:\d|\(cached)|Tests\ run:|\#\ (?:tests|pass|fail)\ \d""",
    regex.VERBOSE,
)
_HEADING = regex.compile(
    r"""_{3,}\ .{1,200}\ _{3,}$|\s*●\ \S.*|---\ FAIL:\ \S.*|-{4}\ \S+\ (?:stdout|stderr)\ -{4}$|(?:FAIL
    |ERROR):\ \w+\ \(.*\)|\s*\d+\)\ \S.*
    |\s*(?:FAIL|❯|✗|×)\s+\S+\.(?:test|spec)\.\w+.*>.*""",
    regex.VERBOSE,
)
_OPENS = regex.compile(
    r"""={3,}\ (?:test\ session\ starts|FAILURES|ERRORS)\ ={3,}$|_{5,}\ \S.*\ _{5,}$|\s*●\ \S.*\ ›\ \S
    |---\ (?:FAIL|PASS):\ \w|===\ RUN\ |\s*(?:FAIL|PASS)\s+\S+\.(?:test|spec)\.\w+
    |-{4}\ \S+\ stdout\ -{4}$|running\ \d+\ tests?$|test\ \S+\ \.\.\.\ (?:ok|FAILED|ignored)$
    |(?:FAIL|ERROR):\ test\w+\ \(""",
    regex.VERBOSE,
)
_KEY = regex.compile(
    r"""E\s{2,}\S|>\s{2,}\S|\S+\.\w+:\d+:\ \w*(?:Error|Exception|Failed)|\s+(?:Expected|Received|expected
    |received|actual|left|right|want|got)\b
    |\s*expect\(|\s+\S+_test\.go:\d+:|\w*(?:Error|Exception)\b.*:|thread\ '.*'\ panicked\ at|\s*assertion""",
    regex.VERBOSE,
)
_ENTRY = regex.compile(r"(?:FAILED|ERROR|XFAIL|SKIPPED)\s+\S")
_RUN = regex.compile(r"=== RUN\s")
_RUN_RESULT = regex.compile(r"\s*--- (?:PASS|FAIL|SKIP): ")
_FAILED_RUN = regex.compile(r"\s*--- FAIL: ")
_FILE = regex.compile(r"\s*FAIL\s+\S+\.\w+$")
_RULE = regex.compile(r"[=\-_]{20,}$")
_LONGEST_GAP = 3
_LONGEST_FAILURE = 200
"""Lines between one mark of a report and the next."""
_SURE = 3
"""Marks that make a report without a failure."""


class TestReports(FoundBlocks):
    """Output of pytest, unittest, jest, vitest, mocha, `go test` or `cargo test`, from its first to its last line."""

    name: ClassVar[str] = "test_reports"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """From the first line that only such a report has to its result."""
        marks = [at for at in range(len(lines)) if lines.matches(_OPENS, at)]
        if not marks:
            return
        first, stop = marks[0], marks[-1] + 1
        failing = any(lines.matches(_HEADING, at) for at in range(first, stop)) or len(marks) >= _SURE
        if not failing:
            return
        gap = 0
        for at in range(stop, len(lines)):
            gap = gap + 1 if lines.blank(at) else 0
            if gap > _LONGEST_GAP:
                break
            if any(lines.matches(each, at) for each in (_RESULT, _BANNER, _ENTRY)):
                stop = at + 1
            elif at - stop > _LONGEST_FAILURE:
                break
        while lines.blank(first):
            first += 1
        yield first, stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """Failures below their headings; lines about what did not fail require the first failure's error."""
        report = _Report(LineUnits(text, start, end, out), out)
        at = 0
        while at < len(report.lines):
            check()
            at = at + 1 if report.lines.blank(at) else report.add(at)
        failures = report.failures
        if failures and out.units[failures[0]].end - out.units[failures[0]].start <= WHOLE_FAILURE:
            for index in report.others:
                out.require(index, failures[0])


class _Report:
    """A report whose lines are added one after the other."""

    def __init__(self, units: LineUnits, out: UnitList) -> None:
        self.units = units
        self.lines = units.lines
        self.out = out
        self.failures: list[int] = []
        self.others: list[int] = []
        """Units about what did not fail."""
        self._banner: tuple[int, ...] = ()

    def add(self, at: int) -> int:
        """Add what begins in line `at`; returns the line behind it."""
        lines = self.lines
        if lines.matches(_RESULT, at):
            self.units.add(at, at + 1)
        elif lines.matches(_BANNER, at) or self._names_file(at):
            self._banner = (self.units.add(at, at + 1, structural=True),)
        elif lines.matches(_RUN, at):
            return self._run(at)
        elif lines.matches(_HEADING, at):
            stop = _failure_end(lines, at)
            self.failures.append(_add_failure(self.units, self.out, at, stop, self._banner))
            return stop
        elif lines.matches(_RULE, at):
            self.units.add(at, at + 1, structural=True)
        else:
            index = self.units.add(at, at + 1, requires=self._banner)
            if not lines.matches(_ENTRY, at):
                self.others.append(index)
        return at + 1

    def _names_file(self, at: int) -> bool:
        following = self.lines.filled_after(at)
        return self.lines.matches(_FILE, at) and following is not None and self.lines.matches(_HEADING, following)

    def _run(self, at: int) -> int:
        stop = _run_end(self.lines, at)
        index = self.units.add(at, stop, kind=Kind.CODE)
        failed = any(self.lines.matches(_FAILED_RUN, row) for row in range(at, stop))
        (self.failures if failed else self.others).append(index)
        return stop


def _run_end(lines: Lines, at: int) -> int:
    """Behind the output and the result of the test of Go that is announced in line `at`."""
    stop = at + 1
    while stop < len(lines) and (lines.startswith((" ", "\t"), stop) or lines.matches(_RUN_RESULT, stop)):
        stop += 1
    return stop


def _failure_end(lines: Lines, at: int) -> int:
    """Behind the failure whose heading is line `at`."""
    stop = at + 1
    if lines.matches(_RULE, stop):
        stop += 1
    while stop < len(lines):
        if any(lines.matches(each, stop) for each in (_HEADING, _BANNER, _RESULT, _OPENS)):
            break
        if lines.matches(_RULE, stop):
            break
        stop += 1
    while stop > at + 1 and lines.blank(stop - 1):
        stop -= 1
    return stop


def _add_failure(units: LineUnits, out: UnitList, first: int, stop: int, requires: tuple[int, ...]) -> int:
    """Add a failure; returns the unit that says what went wrong."""
    lines = units.lines
    if units.length(first, stop) <= WHOLE_FAILURE:
        return units.add(first, stop, kind=Kind.CODE, requires=requires)
    keys = [at for at in range(first + 1, stop) if lines.matches(_KEY, at)] or [first + 1]
    errors = [at for at in keys if lines.matches(_E_LINE, at)] or keys
    heading = units.add(first, first + 1, kind=Kind.CODE, requires=requires, structural=True)
    runs: list[tuple[int, int, bool]] = []
    for at in range(first + 1, stop):
        key = at in set(keys[:40])
        if (
            runs
            and runs[-1][2] == key
            and not (lines.blank(at) and not key)
            and units.length(runs[-1][0], at + 1) <= WHOLE_FAILURE
        ):
            runs[-1] = (runs[-1][0], at + 1, key)
        elif not lines.blank(at):
            runs.append((at, at + 1, key))
    main = -1
    with out.under(heading):
        added = [(units.add(a, b, kind=Kind.CODE), a, b) for a, b, _ in runs]
    for index, a, b in added:
        if any(a <= at < b for at in errors[:1]):
            main = index
    for index, _, _ in added:
        if index != main and main >= 0:
            out.require(index, main)
    return main if main >= 0 else heading


_E_LINE = regex.compile(r"E\s{2,}\S|\w*(?:Error|Exception)\b")
