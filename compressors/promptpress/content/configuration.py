"""Configuration by lines: INI, TOML, properties and `.env`, each setting under the header of its section."""

import tomllib
from typing import ClassVar

import regex

from promptpress.content.base import WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit import Passage
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_SECTION = regex.compile(r"\s*\[{1,2}[^\[\]\n{}]{1,200}\]{1,2}\s*(?:[#;].*)?$")
_SETTING = regex.compile(r"""\s*(?:export\s+)?["']?[\p{L}_][\w.\-/*]{0,120}["']?(?:[. ]?["'][^"'\n]{0,80}["'])?\s*=(?!=)""")
_COMMENT = regex.compile(r"\s*(?:[#;]|//)")
_KEY_AND_VALUE = regex.compile(r"[^=]*=\s*")
_CALL = regex.compile(r"[\w.]+\([^()]*\)?|(?:let|var|const|def|local|return)\b")


class Configuration(WholeText):
    """Sections in brackets and settings with an equals sign; without sections, settings alone."""

    name: ClassVar[str] = "configuration"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """A unit for each setting, which requires the header of its section; a comment belongs to the line below it."""
        entries = _entries(lines)
        if not entries:
            return False
        section: int | None = None
        for start, end, is_section in entries:
            check()
            if is_section:
                section = out.add(start, end, Kind.RECORD, structural=True)
            else:
                out.add(start, end, Kind.RECORD, requires=() if section is None else (section,))
        return True

    def check(self, passage: Passage, text: str) -> bool:
        """What was TOML is TOML."""
        if not passage.units or passage.units[0].kind is not Kind.RECORD or "[" not in passage.text or "=" not in text:
            return True
        return not _is_toml(passage.text) or _is_toml(text)


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _entries(lines: Lines) -> list[tuple[int, int, bool]] | None:
    """Start and end of each entry, and whether it is a section's header; None if the text is no configuration.

    A value goes on in lines that are indented deeper than its key, to its closing quotes, and to its closing bracket.
    """
    entries: list[tuple[int, int, bool]] = []
    sections = settings = 0
    comment: int | None = None
    indent = 0
    at = 0
    while at < len(lines):
        check()
        start, end = lines.spans[at]
        at += 1
        line = lines.text[start:end]
        if not line.strip():
            if comment is not None:
                # A comment with nothing directly below it stands by itself.
                entries.append((comment, lines.spans[at - 2][1], False))
                comment = None
            continue
        if _COMMENT.match(line):
            comment = start if comment is None else comment
        elif _SECTION.match(line):
            sections += 1
            entries.append((start if comment is None else comment, end, True))
            comment = None
        elif match := _SETTING.match(line):
            settings += 1
            if _CALL.match(line[match.end() :].strip()) or _CALL.match(line.strip()):
                return None
            at = _value_end(lines, at - 1) + 1
            entries.append((start if comment is None else comment, lines.spans[at - 1][1], False))
            indent, comment = len(line) - len(line.lstrip()), None
        elif entries and not entries[-1][2] and comment is None and len(line) - len(line.lstrip()) > indent:
            entries[-1] = (entries[-1][0], end, False)
        else:
            return None
    if comment is not None:
        entries.append((comment, lines.filled[-1][1], False))
    return entries if settings >= 2 and (sections or settings >= 3) else None


def _value_end(lines: Lines, at: int) -> int:
    """The line in which the value that begins in line `at` ends."""
    match = _KEY_AND_VALUE.match(lines[at])
    value = lines[at][match.end() :] if match else ""
    for quotes in ('"""', "'''"):
        if value.startswith(quotes) and value.count(quotes) == 1:
            for index in range(at + 1, len(lines)):
                if quotes in lines[index]:
                    return index
            return at
    if not value.startswith(("[", "{")):
        return at
    depth = 0
    for index in range(at, min(len(lines), at + 2000)):
        line = value if index == at else lines[index]
        depth += sum(line.count(mark) for mark in "[{") - sum(line.count(mark) for mark in "]}")
        if depth <= 0:
            return index
    return at
