"""Output of `git status`: files below the line that says what they are."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.line_blocks import FoundBlocks, LineUnits
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList

_SECTION = regex.compile(
    r"(?:Changes to be committed|Changes not staged for commit|Changed but not updated|Untracked files"
    r"|Unmerged paths|Ignored files"
    r"|Submodules? changed[^:]*|Zum Commit vorgemerkte Änderungen"
    r"|Änderungen, die nicht zum Commit vorgemerkt sind|Unversionierte Dateien"
    r"|Modifications qui seront validées|Modifications qui ne seront pas validées|Fichiers non suivis) ?:"
)
_BRANCH = regex.compile(r"(?:On branch \S|Auf Branch \S|Sur la branche \S|HEAD detached (?:at|from) \S)")
_HINT = regex.compile(r"\s+\((?:use|benutzen|verwenden|utilisez|usa|commit|all conflicts|fix)\b")
_FILE = regex.compile(r"\t\S|\s+(?:modified|new file|deleted|renamed|both modified|typechange|copied):\s|\s{2,}\S")


class GitStatus(FoundBlocks):
    """The sections with their files."""

    name: ClassVar[str] = "git_status"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each section line with the hints and files below it, and the lines about the branch above the first."""
        at = 0
        while at < len(lines):
            if lines.matches(_BRANCH, at):
                first = at
                while not lines.blank(at) and not lines.matches(_SECTION, at):
                    at += 1
                    if at == len(lines):
                        break
                yield first, at
                continue
            if not lines.matches(_SECTION, at):
                at += 1
                continue
            stop = at + 1
            while stop < len(lines) and (
                lines.matches(_HINT, stop) or (lines.blank(stop) and lines.matches(_FILE, stop + 1))
            ):
                stop += 1
            files = stop
            while lines.matches(_FILE, stop):
                stop += 1
            if stop > files:
                yield at, stop
            at = max(stop, at + 1)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The files, which require the section's line; the hints of what to type are never chosen."""
        units = LineUnits(text, start, end, out)
        if not units.lines.matches(_SECTION, 0):
            for at in range(len(units.lines)):
                units.add(at, at + 1, structural=units.lines.matches(_HINT, at))
            return
        section = units.add(0, 1, structural=True)
        for at in range(1, len(units.lines)):
            if units.lines.blank(at):
                continue
            hint = units.lines.matches(_HINT, at)
            units.add(at, at + 1, requires=(section,), structural=hint)
