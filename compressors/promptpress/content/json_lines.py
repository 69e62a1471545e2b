"""JSON lines: a document a line, kept or dropped one by one."""

from typing import ClassVar

from promptpress.content.base import WholeText
from promptpress.content.json_units import literal_units
from promptpress.content.lines import Lines
from promptpress.content.literals import Literal, literal_at
from promptpress.content.unit_list import UnitList


class JsonLines(WholeText):
    """A text of which every line that is not blank is an object or list, and there are two of them at least.

    The last one may be cut off.
    """

    name: ClassVar[str] = "json_lines"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """Units of each line, one unless it is long."""
        if len(lines.filled) <= 1:
            return False
        values: list[Literal] = []
        for index, (start, end) in enumerate(lines.filled):
            value = literal_at(lines.text, start, end, cut_off=index == len(lines.filled) - 1)
            if value is None or value.end != end:
                return False
            values.append(value)
        for value in values:
            literal_units(lines.text, value, out, only=False)
        return True
