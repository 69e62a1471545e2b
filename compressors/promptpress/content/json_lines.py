"""JSON lines: a document a line, kept or dropped one by one."""

from typing import ClassVar

from promptpress.content.base import WholeText
from promptpress.content.json import is_json
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.unit_list import UnitList


class JsonLines(WholeText):
    """A text of which every line that is not blank is a JSON object or array, and there are two of them at least."""

    name: ClassVar[str] = "json_lines"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """A unit for each line."""
        if len(lines.filled) <= 1 or not all(is_json(lines.text, start, end) for start, end in lines.filled):
            return False
        for span in lines.filled:
            out.add(*span, Kind.JSON_MEMBER)
        return True
