"""Object and list literals as a tree of spans: JSON, JSON5, Python's reprs and JavaScript's literals, also cut off.

One grammar for all of them, since none of it is evaluated: brackets, quoted strings, commas, colons, comments and words.
What is not certainly such a literal is refused: prose in brackets, code in braces.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

from promptpress.runtime.cancellation import check
from promptpress.text.spans import trim

_TOKEN = regex.compile(
    r"""(?P<space>\s++)
    |(?P<string>[bBrRuU]{0,2}(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`(?:[^`\\]|\\.)*+`))
    |(?P<comment>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/|\#[^\n]*+)
    |(?P<mark>[\[\](){},:])
    |(?P<word><[^<>\n]{1,200}>|[\w$.+\-]++)""",
    regex.VERBOSE | regex.DOTALL,
)
_ANY = regex.compile(".", regex.DOTALL)
_QUOTE = regex.compile("[bBrRuU]{0,2}([\"'`])")
_KEYWORD = regex.compile(
    r"(?:[-+]?[\d.].*|[-+]?Infinity|NaN|nan|inf|true|false|null|None|True|False|undefined)", regex.DOTALL
)
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_OPENING = frozenset(_CLOSING)
_LEAST_WHEN_CUT_OFF = 2
"""Complete members or nested values that a literal must have before the place where it was cut off."""
_LONGEST_REMARK = 200
"""Characters of what may stand behind the place where a literal was cut off: "... [truncated]"."""


@dataclass(slots=True)
class Literal:
    """A value with its key: `text[start:end]`.

    `opening` is just behind the opening bracket or quote and `closing` at the closing one; both are 0 for a word. `mark` is
    the opening bracket or quote, `""` for words and calls, which have no members.
    """

    start: int
    end: int = 0
    opening: int = 0
    closing: int = 0
    mark: str = ""
    keyed: bool = False
    complete: bool = True
    """False where the text ends before the value does."""
    commented: bool = False
    """Whether comments stand between its members. Then each member's span holds its comments and its comma."""
    members: list["Literal"] = field(default_factory=list)


def literal_at(text: str, start: int, end: int, cut_off: bool = False) -> Literal | None:
    """As `read_literal`, without the place."""
    return read_literal(text, start, end, cut_off)[0]


def read_literal(text: str, start: int, end: int, cut_off: bool = False) -> tuple[Literal | None, int]:
    """The object, list or tuple that begins with the bracket `text[start]`, if it ends before `end`, else None; and the
    place up to which the text was read.

    With `cut_off`, one that `end` cuts off counts too, if something in it is complete. Linear in the length of the value.
    """
    if text[start : start + 1] not in _OPENING:
        return None, start
    scanner = _Scanner(text, start, end, cut_off)
    return scanner.scan(), scanner.at


class _Refused(Exception):
    """What is read is no literal."""


class _Scanner:
    """Reads one value token by token. The stack holds the containers that are open."""

    def __init__(self, text: str, start: int, end: int, cut_off: bool) -> None:
        self.text, self.at, self.end, self.cut_off = text, start, end, cut_off
        self.stack: list[Literal] = []
        self.current: Literal | None = None
        """The member that is being read; None between members."""
        self.wants_value = False
        """Whether a colon has been read and nothing behind it."""
        self.done: Literal | None = None
        self.comment = -1
        """Where comments that belong to the next member begin; -1 without any."""
        self.evidence = self.bare = 0

    def scan(self) -> Literal | None:
        try:
            while self.done is None and self.at < self.end:
                check()
                token = _TOKEN.match(self.text, self.at, self.end)
                if token is None:
                    return self._cut_off(self.at)
                self.at = self._read(token.lastgroup or "", self.at, token.end())
        except _Refused:
            return self._cut_off(self.at) if self.end - self.at <= _LONGEST_REMARK else None
        if self.done is None:
            return self._cut_off(self.end)
        return None if self.bare and not self.evidence else self.done

    def _read(self, kind: str, start: int, end: int) -> int:
        if kind == "comment":
            self._comment(start, end)
        elif kind == "string":
            self._value(Literal(start, end, start + _quote_length(self.text, start), end - 1, self.text[end - 1]))
            self.evidence += 1
        elif kind == "word":
            if self.text[end : end + 1] == "(" and self.text[start].isalpha():
                return self._call(start, end)
            self._value(Literal(start, end))
            self.bare += not _KEYWORD.fullmatch(self.text, start, end)
        elif kind == "mark":
            self._mark(self.text[start], start, end)
        return end

    def _mark(self, mark: str, start: int, end: int) -> None:
        if mark in _OPENING:
            container = Literal(start, 0, end, 0, mark)
            if self.stack:
                self._value(container)
                container = self.current or container
            self.stack.append(container)
            self.current, self.wants_value = None, False
        elif mark == ":":
            if self.current is None or self.wants_value or self.current.keyed or self.stack[-1].mark != "{":
                raise _Refused
            self.wants_value = self.current.keyed = True
            self.evidence += 1
        elif mark == ",":
            if self.current is None or self.wants_value:
                raise _Refused
            self._close_member()
            if self._carries_commas(self.stack[-1]):
                self.stack[-1].members[-1].end = end
        else:
            self._close(mark, start, end)

    def _value(self, value: Literal) -> None:
        """A value, or a key that turns out to be one by the colon behind it."""
        if self.current is None:
            if self.comment >= 0:
                value.start = self.comment
            self.current, self.comment = value, -1
            return
        if not self.wants_value:
            raise _Refused
        value.start, value.keyed = self.current.start, True
        self.current, self.wants_value = value, False

    def _close_member(self) -> None:
        assert self.current is not None
        self.stack[-1].members.append(self.current)
        self.current = None

    def _close(self, mark: str, start: int, end: int) -> None:
        container = self.stack[-1]
        if _CLOSING[container.mark] != mark or self.wants_value:
            raise _Refused
        if self.current is not None:
            self._close_member()
        keyed = sum(member.keyed for member in container.members)
        if keyed not in (0, len(container.members)):
            raise _Refused
        container.closing, container.end, self.comment = start, end, -1
        self.stack.pop()
        self.current = container
        if not self.stack:
            self.done = container

    def _carries_commas(self, container: Literal) -> bool:
        """Whether members keep the comma behind them: a comment on their line is theirs, and a tuple of one needs it."""
        return container.commented or container.mark == "("

    def _comment(self, start: int, end: int) -> None:
        container = self.stack[-1]
        self._mark_commented(container)
        before = self.current or (container.members[-1] if container.members else None)
        same_line = "\n" not in self.text[before.end - 1 if before else container.opening : start]
        if same_line and before and not self.wants_value:
            # With the line break: nothing may come behind it on its line.
            before.end = end + (self.text[start] != "/" or self.text[start + 1] == "/") * (end < self.end)
        elif not same_line and self.current is None and self.comment < 0:
            self.comment = start

    def _mark_commented(self, container: Literal) -> None:
        if container.commented:
            return
        container.commented = True
        for member in container.members:
            # Nothing but white space stands between a member and its comma.
            member.end = self.text.find(",", member.end, self.end) + 1 or member.end

    def _call(self, start: int, end: int) -> int:
        """A call like `Decimal('1.5')`, as one word up to the bracket that closes it."""
        depth = 0
        for token in _tokens(self.text, end, self.end):
            depth += {"(": 1, ")": -1}.get(self.text[token[0] : token[1]], 0)
            if depth == 0:
                self._value(Literal(start, token[1]))
                return token[1]
        raise _Refused

    def _cut_off(self, at: int) -> Literal | None:
        """The value as far as it goes; the member that is cut off reaches to the end."""
        if not self.cut_off or not self.stack or self.evidence < _LEAST_WHEN_CUT_OFF:
            return None
        if at < self.end and self.text[at] not in "\"'`" and self.end - at > _LONGEST_REMARK:
            return None
        if at == self.end and self.current is not None and self.current.mark and not self.wants_value:
            self._close_member()
        if sum(len(container.members) for container in self.stack) < _LEAST_WHEN_CUT_OFF:
            return None
        tail = self.current.start if self.current else at
        tail_start, tail_end = trim(self.text, tail, self.end)
        if tail_start < tail_end:
            self.stack[-1].members.append(Literal(tail_start, tail_end, complete=False))
        end = trim(self.text, self.stack[0].start, self.end)[1]
        for inner, outer in zip(reversed(self.stack[1:]), reversed(self.stack[:-1]), strict=True):
            outer.members.append(inner)
        for container in self.stack:
            container.end, container.closing, container.complete = end, end, False
        return self.stack[0]


def _tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and (token := _TOKEN.match(text, start, end) or _ANY.match(text, start, end)):
        check()
        yield start, token.end()
        start = token.end()


def _quote_length(text: str, start: int) -> int:
    match = _QUOTE.match(text, start)
    return len(match.group()) if match else 1
