"""Source code of Python as units: any part of it parses again, below its own `class`, `def`, `if` and `try`."""

import ast
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

WHOLE = 400
"""Characters up to which a definition or a compound statement is one unit."""
_DEEPEST = 40
_FILE = "<promptpress>"
_CLAUSE = regex.compile(r"\s*(?:else|finally)\s*:\s*(?:#.*)?$")

# Code of others may hold invalid escapes; that is no matter of ours.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=regex.escape(_FILE))


@dataclass(frozen=True)
class _Item:
    """A statement with the comments above it: the lines `first` to `last`."""

    first: int
    last: int
    statement: ast.stmt


@dataclass
class _Clause:
    """A header, such as `else:`, in the lines `first` to `last`, and the statements below it."""

    first: int
    last: int
    body: Sequence[ast.stmt]


def python_tree(text: str) -> ast.Module | None:
    """The syntax tree of a text, which may be indented as a whole; None if it is not Python."""
    try:
        return ast.parse(textwrap.dedent(text), _FILE)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def python_units(lines: Lines, tree: ast.Module, out: UnitList) -> None:
    """Add a unit for each definition, compound statement or run of statements; long ones are divided."""
    _Writer(lines, out).statements(tree.body, 0, len(lines) - 1, 0)


class _Writer:
    def __init__(self, lines: Lines, out: UnitList) -> None:
        self.lines = lines
        self.out = out

    def add(self, first: int, last: int, *, structural: bool = False) -> int:
        """The lines `first` to `last` without blank ones at their edges."""
        while first < last and self.lines.blank(first):
            first += 1
        while last > first and self.lines.blank(last):
            last -= 1
        start, end = self.lines.spans[first][0], self.lines.spans[last][1]
        return self.out.add(start, end, Kind.CODE, structural=structural)

    def length(self, first: int, last: int) -> int:
        return self.lines.spans[last][1] - self.lines.spans[first][0]

    def statements(self, body: Sequence[ast.stmt], first: int, last: int, depth: int) -> int:
        """Add the statements of a block, the lines `first` to `last`; returns the first unit that is a statement."""
        added = -1
        run: tuple[int, int] | None = None
        items = list(self._items(body, first, last))
        for index, item in enumerate(items):
            check()
            last_line = last if index == len(items) - 1 else item.last
            whole = self._simple(item) and self.length(item.first, last_line) <= WHOLE
            if run and (not whole or self.lines.blank(item.first - 1) or self.length(run[0], last_line) > WHOLE):
                unit = self.add(*run)
                added = unit if added < 0 else added
                run = None
            if whole:
                run = (run[0] if run else item.first, last_line)
                continue
            unit = self._statement(item, last_line, depth)
            added = unit if added < 0 else added
        if run:
            unit = self.add(*run)
            added = unit if added < 0 else added
        return added

    def _items(self, body: Sequence[ast.stmt], first: int, last: int) -> Iterator[_Item]:
        """The statements with the comments above them; two on one line are one."""
        begin = first
        for index, statement in enumerate(body):
            end = (statement.end_lineno or statement.lineno) - 1
            following = body[index + 1] if index + 1 < len(body) else None
            if following is not None and _first_line(following) <= end:
                continue
            yield _Item(self._filled(begin), end, statement)
            begin = end + 1
        if not body and any(not self.lines.blank(index) for index in range(first, last + 1)):
            self.add(first, last)  # nothing but comments

    def _filled(self, first: int) -> int:
        while self.lines.blank(first):
            first += 1
        return first

    def _simple(self, item: _Item) -> bool:
        return not isinstance(item.statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not self._clauses(
            item
        )

    def _statement(self, item: _Item, last: int, depth: int) -> int:
        clauses = self._clauses(item) if self.length(item.first, last) > WHOLE and depth < _DEEPEST else []
        if not clauses:
            return self.add(item.first, last)
        headers: list[int] = []
        firsts: list[int] = []
        for index, clause in enumerate(clauses):
            end = clauses[index + 1].first - 1 if index + 1 < len(clauses) else last
            header = self.add(clause.first, clause.last, structural=True)
            with self.out.under(header):
                firsts.append(self.statements(clause.body, clause.last + 1, end, depth + 1))
            headers.append(header)
        self._connect(item.statement, headers, firsts)
        return firsts[0]

    def _connect(self, statement: ast.stmt, headers: Sequence[int], firsts: Sequence[int]) -> None:
        """A clause needs the one before it, which needs a body; a `try` needs a clause that goes on from it."""
        if isinstance(statement, ast.Match):
            for header in headers[1:]:
                self.out.require(header, headers[0])
            return
        for index in range(1, len(headers)):
            self.out.require(headers[index], headers[index - 1], firsts[index - 1])
        if isinstance(statement, ast.Try | ast.TryStar) and len(headers) > 1:
            self.out.require(headers[0], headers[1], firsts[1])

    def _clauses(self, item: _Item) -> list[_Clause]:
        """The header of a statement and its further clauses; nothing if it has none or a body is beside its header."""
        statement = item.statement
        clauses: list[_Clause] = []
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                body = statement.body
                last = _first_line(body[0]) - 1
                if ast.get_docstring(statement, clean=False) is not None and len(body) > 1:
                    last = (body[0].end_lineno or body[0].lineno) - 1
                    body = body[1:]
                return self._checked([self._clause(item.first, last, body)])
            case ast.With() | ast.AsyncWith():
                clauses = [self._clause(item.first, None, statement.body)]
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
                clauses = [self._clause(item.first, None, statement.body), *self._branches(statement)]
            case ast.Try() | ast.TryStar():
                clauses = [self._clause(item.first, None, statement.body)]
                clauses += [self._clause(each.lineno - 1, None, each.body) for each in statement.handlers]
                above = statement.handlers[-1].body if statement.handlers else statement.body
                for more in (statement.orelse, statement.finalbody):
                    if more:
                        clauses.append(self._clause(self._keyword(above, more), None, more))
                        above = more
            case _:
                return []
        return self._checked(clauses)

    def _branches(self, statement: ast.If | ast.For | ast.AsyncFor | ast.While) -> Iterator[_Clause]:
        """The `elif` and `else` clauses."""
        above, below = statement.body, statement.orelse
        while below:
            first = below[0]
            line = first.lineno - 1
            chained = len(below) == 1 and isinstance(first, ast.If) and isinstance(statement, ast.If)
            if chained and isinstance(first, ast.If) and self.lines[line].lstrip().startswith("elif"):
                yield self._clause(line, None, first.body)
                above, below = first.body, first.orelse
                continue
            yield self._clause(self._keyword(above, below), None, below)
            return

    def _clause(self, first: int, last: int | None, body: Sequence[ast.stmt]) -> _Clause:
        if last is None:
            last = _first_line(body[0]) - 1
            # Comments above the first statement belong to it.
            while last > first and (self.lines.blank(last) or self.lines[last].lstrip().startswith("#")):
                last -= 1
        return _Clause(first, last, body)

    def _keyword(self, above: Sequence[ast.stmt], below: Sequence[ast.stmt]) -> int:
        """The line of the `else:` or `finally:` between two blocks; -1 if it is not on a line of its own."""
        start = above[-1].end_lineno or above[-1].lineno
        return next((i for i in range(start, _first_line(below[0])) if _CLAUSE.match(self.lines[i])), -1)

    def _checked(self, clauses: list[_Clause]) -> list[_Clause]:
        """The clauses if each has its header on lines of its own, one after the other; else nothing."""
        at = -1
        for clause in clauses:
            end = (clause.body[-1].end_lineno or clause.body[-1].lineno) - 1
            if not at < clause.first <= clause.last < _first_line(clause.body[0]):
                return []
            at = end
        return clauses


def _first_line(statement: ast.stmt) -> int:
    """The line, from 0, where a statement or its first decorator begins."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)]) - 1
