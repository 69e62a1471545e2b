"""A literal's units: which members stand alone, which come with others, and what brackets and keys they need."""

from itertools import groupby

import regex

from promptpress.content.json_strings import LONG_STRING, add_string_units, string_units
from promptpress.content.kinds import Kind
from promptpress.content.literals import Literal
from promptpress.content.unit import Join, Unit
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

ATOMIC_LENGTH = 400
"""Values up to this many characters are kept or dropped whole, so that a short record never loses a field."""
MAX_DEPTH = 60
FIELDS_LENGTH = 200
"""Characters up to which the short fields of a long object are kept together, as a third of it at most."""
_NUMBERS_LENGTH = 200
"""Characters of numbers that follow each other in a list and make one unit."""
_IDENTITY = regex.compile(
    r"(?P<quote>[\"']?)(?:name|id|_id|key|uuid|title|label|slug)(?P=quote)\s*+:\s*+[^\[{]", regex.IGNORECASE
)
_BRACKETS = frozenset("[{(")
_LONGEST_IDENTITY = 120
_MOST_IDENTITIES = 2
_LEAST_RECORDS = 3
"""Members of a short value from which it is a list of records, if it is the only one: each is kept or dropped by itself."""
_NUMBER = regex.compile(r"[-+]?[\d.][\w.+-]*,?")


def literal_units(text: str, value: Literal, out: UnitList, *, only: bool) -> None:
    """Add the units of a literal.

    Brackets of a container are structural units that its members require, so any subset of units closed under `requires`,
    joined by the separators of the original, is a literal again. A long object's short fields are required too, or if
    they are many, those that say which one it is (`name`, `id`, ...): a description of nobody knows what helps no one. The
    text of a long string is divided into its sentences and lines, between its quotes. `only` says that the value is the only
    one; what all of it is about is then never kept without any of it.
    """
    _Emitter(text, out).emit(value, 0, only)


class _Emitter:
    def __init__(self, text: str, out: UnitList) -> None:
        self.text, self.out = text, out
        self.strings: dict[int, list[Unit]] = {}
        """Units of the strings looked at so far, by where they open."""

    def emit(self, value: Literal, depth: int, only: bool) -> None:
        if value.mark in _BRACKETS:
            if self._is_long(value, depth, only):
                self._container(value, depth, only)
                return
        elif value.mark and value.complete and (units := self._string(value)):
            self._add_string(value, units)
            return
        self.out.add(value.start, value.end, Kind.JSON_MEMBER)

    def _is_long(self, value: Literal, depth: int, only: bool) -> bool:
        if depth >= MAX_DEPTH or not value.members:
            return False
        if value.end - value.start > ATOMIC_LENGTH:
            return len(value.members) > 1 or self._divisible(value.members[0], depth + 1, only)
        if only and len(value.members) >= _LEAST_RECORDS and all(member.members for member in value.members):
            return True
        return only and any(self._divisible(member, depth + 1, only) for member in value.members)

    def _divisible(self, value: Literal, depth: int, only: bool) -> bool:
        """Whether the value becomes several units."""
        if value.mark in _BRACKETS:
            return self._is_long(value, depth, only)
        return bool(value.mark and value.complete and self._string(value))

    def _string(self, value: Literal) -> list[Unit]:
        if value.closing - value.opening <= LONG_STRING:
            return []
        if value.opening not in self.strings:
            self.strings[value.opening] = string_units(self.text, value.opening, value.closing, self.out)
        return self.strings[value.opening]

    def _add_string(self, value: Literal, units: list[Unit]) -> None:
        opening = self.out.add(value.start, value.opening, Kind.JSON_MEMBER, join=Join.OPEN, structural=True)
        with self.out.under(opening):
            add_string_units(units, self.out)
            closing = self.out.add(value.closing, value.end, Kind.JSON_MEMBER, join=Join.CLOSE, structural=True)
        self.out.require(opening, closing)

    def _container(self, value: Literal, depth: int, only: bool) -> None:
        opening = self.out.add(value.start, value.opening, Kind.JSON_MEMBER, join=Join.OPEN, structural=True)
        large = self._large(value, depth, only)
        fields = self._has_few_fields(value, large, depth, only)
        of_one = only and sum(large) == 1
        required: list[int] = []
        with self.out.under(opening):
            for is_large, pairs in groupby(zip(large, value.members, strict=True), key=lambda pair: pair[0]):
                members = [member for _, member in pairs]
                if is_large:
                    for member in members:
                        check()
                        self.emit(member, depth + 1, of_one)
                elif fields:
                    span = members[0].start, members[-1].end
                    required.append(self.out.add(*span, Kind.JSON_MEMBER, structural=only))
                else:
                    required += self._small(value, members, _MOST_IDENTITIES - len(required))
            if value.complete:
                required.append(self.out.add(value.closing, value.end, Kind.JSON_MEMBER, join=Join.CLOSE, structural=True))
        self.out.require(opening, *required)

    def _large(self, value: Literal, depth: int, only: bool) -> list[bool]:
        """Which members become several units."""
        large = [self._divisible(member, depth + 1, False) for member in value.members]
        if only and not any(large):
            large = [self._divisible(member, depth + 1, True) for member in value.members]
        return large

    def _small(self, value: Literal, members: list[Literal], identities: int) -> list[int]:
        """Add members one by one; the indices of those that say which one the object is, so many at most."""
        found: list[int] = []
        for start, end in self._spans(value, members):
            check()
            index = self.out.add(start, end, Kind.JSON_MEMBER)
            if len(found) < identities and self._is_identity(value, start, end):
                found.append(index)
            last = value.complete and end == value.members[-1].end and start > value.members[0].start
            flows = self.out.units[index - 1].join is Join.FLOW
            if value.mark == "(" and last and flows and self.text[end - 1] != ",":
                # Alone and without a comma it would be no tuple.
                self.out.require(index, index - 1)
        return found

    def _has_few_fields(self, value: Literal, large: list[bool], depth: int, only: bool) -> bool:
        """Whether the short fields go with all else: in a record with a long text, and around the only one."""
        if value.mark != "{" or not value.complete or not self._holds_text(value, large, depth, only):
            return False
        total = sum(member.end - member.start for member, is_large in zip(value.members, large, strict=True) if not is_large)
        return 0 < total <= min(FIELDS_LENGTH, (value.end - value.start) // 3)

    def _holds_text(self, value: Literal, large: list[bool], depth: int, only: bool) -> bool:
        """Whether all that is long in it are strings, or one value that holds nothing else long, if it is the only one."""
        members = [member for member, is_large in zip(value.members, large, strict=True) if is_large]
        if not members or not any(member.mark in _BRACKETS for member in members):
            return bool(members)
        if not only or len(members) > 1 or depth >= MAX_DEPTH:
            return False
        return self._holds_text(members[0], self._large(members[0], depth + 1, only), depth + 1, only)

    def _is_identity(self, value: Literal, start: int, end: int) -> bool:
        return value.mark == "{" and end - start <= _LONGEST_IDENTITY and bool(_IDENTITY.match(self.text, start, end))

    def _spans(self, value: Literal, members: list[Literal]) -> list[tuple[int, int]]:
        """The members, but numbers that follow each other in a list in groups."""
        spans: list[tuple[int, int]] = []
        joins = False
        for member in members:
            number = value.mark != "{" and not member.mark and bool(_NUMBER.fullmatch(self.text, member.start, member.end))
            if joins and number and member.end - spans[-1][0] <= _NUMBERS_LENGTH:
                spans[-1] = (spans[-1][0], member.end)
            else:
                spans.append((member.start, member.end))
            joins = number
        return spans
