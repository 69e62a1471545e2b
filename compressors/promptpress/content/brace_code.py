"""Source code of languages with braces as units: methods come with their class and its closing brace."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

WHOLE = 400
"""Characters up to which a definition or block is one unit."""
_DEEPEST = 40
_TOKEN = regex.compile(r"//[^\n]*|/\*|\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'|`|[{}]")
_BEFORE = regex.compile(r"\s*(?://|/\*|\*|\#\[|@\w|\[\w[^\]]*\]\s*$|template\s*<)")
_GOES_ON = regex.compile(r"(?:[,(\[=+\-*/&|<?:.]|=>|->|\\)\Z")
_CONTINUES = regex.compile(r"\s*(?:[.)\]?:&|+*=]|-[^-]|where\b|extends\b|implements\b|throws\b)")


@dataclass(frozen=True)
class _Depths:
    """For each line the braces that are open at its beginning and end, and the fewest in between."""

    before: Sequence[int]
    least: Sequence[int]
    after: Sequence[int]
    inside: Sequence[bool]
    """Whether the line begins inside a comment or a string."""


def brace_units(lines: Lines, out: UnitList) -> bool:
    """Add a unit for each definition, block or run of statements, long ones divided; False if braces do not match."""
    depths = _depths(lines)
    if depths is None:
        return False
    _Writer(lines, depths, out).items(0, len(lines), 0)
    return True


def _depths(lines: Lines) -> _Depths | None:
    """The depths of all lines; None if there are no braces, or some without their partner."""
    text = lines.text
    changes: list[tuple[int, int]] = []
    covered: list[tuple[int, int]] = []
    at = 0
    while match := _TOKEN.search(text, at):
        check()
        at = match.end()
        token = match.group()
        if token in ("/*", "`"):
            close = text.find("*/" if token == "/*" else "`", at)
            if close < 0:
                return None
            at = close + len("*/" if token == "/*" else "`")
            covered.append((match.start(), at))
        elif token in "{}":
            changes.append((match.start(), 1 if token == "{" else -1))
    if not changes:
        return None
    before, least, after, inside = [], [], [], []
    depth, index, region = 0, 0, 0
    for start, end in lines.spans:
        before.append(depth)
        lowest = depth
        while index < len(changes) and changes[index][0] < end:
            depth += changes[index][1]
            lowest = min(lowest, depth)
            index += 1
        if lowest < 0:
            return None
        while region < len(covered) and covered[region][1] <= start:
            region += 1
        inside.append(region < len(covered) and covered[region][0] < start)
        least.append(lowest)
        after.append(depth)
    return _Depths(before, least, after, inside) if depth == 0 else None


class _Writer:
    def __init__(self, lines: Lines, depths: _Depths, out: UnitList) -> None:
        self.lines = lines
        self.depths = depths
        self.out = out

    def items(self, first: int, stop: int, nesting: int) -> None:
        """Add the items in the lines from `first` to before `stop`, which are equally deep."""
        for begin, opens, end in self._found(first, stop):
            check()
            if opens < 0 or self._length(begin, end) <= WHOLE or nesting >= _DEEPEST or end == opens + 1:
                self._add(begin, end)
            else:
                self._block(begin, opens, end, nesting)

    def _found(self, first: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """`(first line, line that opens a block or -1, line behind the last)` of each item."""
        at = begin = first
        while at < stop:
            if self.lines.blank(at) and not self.depths.inside[at]:
                if begin < at:
                    yield from self._runs(begin, at)
                begin = at = at + 1
                continue
            depth = self.depths.before[at]
            if self.depths.after[at] <= depth:
                at += 1
                continue
            end = at + 1
            while end < stop and self.depths.after[end - 1] > depth:
                end += 1
            head = self._head(begin, at)
            if begin < head:
                yield from self._runs(begin, head)
            yield head, at, end
            begin = at = end
        if begin < stop:
            yield from self._runs(begin, stop)

    def _head(self, begin: int, at: int) -> int:
        """Where the signature that opens a block in line `at` begins, with the comments and attributes above it."""
        while at > begin and (
            _BEFORE.match(self.lines[at - 1])
            or self.depths.inside[at]
            or _GOES_ON.search(self.lines[at - 1].rstrip())
            or _CONTINUES.match(self.lines[at])
            or self.lines[at].strip() == "{"
        ):
            at -= 1
        return at

    def _runs(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Statements without a block, as many together as are short."""
        start = begin
        for at in range(begin + 1, end):
            if self._length(start, at + 1) > WHOLE and self._separates(at):
                yield start, -1, at
                start = at
        yield start, -1, end

    def _separates(self, at: int) -> bool:
        above = self.lines[at - 1]
        return not (
            self.depths.inside[at]
            or _BEFORE.match(above)
            or (_GOES_ON.search(above.rstrip()) and not above.rstrip().endswith(","))
            or _CONTINUES.match(self.lines[at])
            or self.lines.indent(at) > self.lines.indent(at - 1)
        )

    def _block(self, begin: int, opens: int, end: int, nesting: int) -> None:
        """The header, what is inside, lines such as `} else {`, and the closing line; all but the inside is structural."""
        depth = self.depths.before[opens]
        middles = [at for at in range(opens + 1, end - 1) if self.depths.least[at] <= depth]
        marks = [*middles, end - 1]
        header = self._add(begin, opens + 1, structural=True)
        further: list[int] = []
        with self.out.under(header):
            at = opens + 1
            for mark in marks:
                self.items(at, mark, nesting + 1)
                further.append(self._add(mark, mark + 1, structural=True))
                at = mark + 1
        self.out.require(header, *further)

    def _add(self, begin: int, end: int, *, structural: bool = False) -> int:
        while end - 1 > begin and self.lines.blank(end - 1):
            end -= 1
        start, stop = self.lines.spans[begin][0], self.lines.spans[end - 1][1]
        return self.out.add(start, stop, Kind.CODE, structural=structural)

    def _length(self, begin: int, end: int) -> int:
        return self.lines.spans[end - 1][1] - self.lines.spans[begin][0]
