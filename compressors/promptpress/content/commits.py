"""`git log`: each commit with its author, date, message and files."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.lines import Lines
from promptpress.content.records import RecordType, add_record
from promptpress.content.unit_list import UnitList

_COMMIT = regex.compile(r"(?:\* )?commit [0-9a-f]{7,64}\b")
_HEADER = regex.compile(r"(?:[*|] )*(?:Author|Merge|Commit|AuthorDate|CommitDate|Date|gpg): ?")
_BODY = regex.compile(
    r"\s|[|*]|[A-Z]\d{0,3}\t|diff |index |---|\+\+\+|@@|[+-]|:\d{6}"
    r"|(?:new|deleted|old) |similarity|rename |Binary |\d+\t\d+\t"
)


class Commits(RecordType):
    """A commit's hash, its headers, and what follows until the next one."""

    name: ClassVar[str] = "commits"
    fewest: ClassVar[int] = 1

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each commit."""
        at = 0
        while at < len(lines):
            if not (lines.matches(_COMMIT, at) and lines.matches(_HEADER, at + 1)):
                at += 1
                continue
            first, at = at, at + 1
            filled = at
            while at < len(lines) and not lines.matches(_COMMIT, at):
                if not lines.blank(at):
                    if not lines.matches(_HEADER, at) and not lines.matches(_BODY, at):
                        break
                    filled = at + 1
                at += 1
            yield first, filled

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The commit; of a long one the headers and the subject are the head."""
        lines = Lines(text[start:end])
        headers = 1
        while lines.matches(_HEADER, headers):
            headers += 1
        add_record(text, start, end, headers + 1, out)
