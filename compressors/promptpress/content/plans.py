"""Plans of infrastructure: what happens to each resource, below the resource."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.line_blocks import FoundBlocks, LineUnits
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList

WHOLE_RESOURCE = 400
"""Characters up to which a resource is one unit."""
_COMMENT = regex.compile(r"\s*# \S+ (?:will|must|has|is tainted|cannot|\(depo)")
_MOST_COMMENTS = 3
"""Lines of comment above a resource."""
_RESOURCE = regex.compile(r"\s*(?:[~+\-]|-/\+|\+/-|<=)?\s*(?:resource|data|module|output)\s+\"")


class Plans(FoundBlocks):
    """The resources of the plan of Terraform or OpenTofu, from the comment above each to its closing brace."""

    name: ClassVar[str] = "plans"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """From each comment that says what will be done to the next blank line before another or to the closing brace."""
        at = 0
        while at < len(lines):
            if not lines.matches(_COMMENT, at):
                at += 1
                continue
            opens = at + 1
            while opens < len(lines) and opens - at <= _MOST_COMMENTS and not lines.matches(_RESOURCE, opens):
                opens += 1
            if not lines.matches(_RESOURCE, opens):
                at += 1
                continue
            indent = lines.indent(opens)
            stop = opens + 1
            while stop < len(lines) and not (lines[stop].strip() == "}" and lines.indent(stop) <= indent + 4):
                if lines.matches(_COMMENT, stop):
                    break
                stop += 1
            stop = min(stop + 1, len(lines)) if stop < len(lines) and lines[stop].strip() == "}" else stop
            while lines.blank(stop - 1):
                stop -= 1
            yield at, stop
            at = stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """One unit; of a long resource the comment, the line that opens it, the lines inside and the closing brace."""
        units = LineUnits(text, start, end, out)
        lines = units.lines
        if end - start <= WHOLE_RESOURCE:
            units.add(0, len(lines))
            return
        opens = next((at for at in range(len(lines)) if lines.matches(_RESOURCE, at)), 0)
        closed = lines[len(lines) - 1].strip() == "}"
        head = units.add(0, opens + 1)
        with out.under(head):
            _add_members(units, opens + 1, len(lines) - closed)
            if closed:
                closing = units.add(len(lines) - 1, len(lines), structural=True)
        if closed:
            out.require(head, closing)


def _add_members(units: LineUnits, first: int, stop: int) -> None:
    """Members of a resource: a line each, nested blocks whole."""
    lines = units.lines
    at = first
    while at < stop:
        if lines.blank(at):
            at += 1
            continue
        end = at + 1
        if lines[at].rstrip().endswith(("{", "[", "(", "<<-EOT", "<<~EOT")):
            while end < stop and not (
                lines[end].strip().startswith(("}", "]", ")", "EOT")) and lines.indent(end) <= lines.indent(at) + 2
            ):
                end += 1
            end = min(end + 1, stop)
        units.add(at, end)
        at = end
