"""Any text as units with exact offsets."""

from promptpress.content.segment import segment
from promptpress.content.unit import LINES, STRUCTURED, Join, Kind, Passage, Replacement, Unit, share_of_lines

__all__ = ["LINES", "STRUCTURED", "Join", "Kind", "Passage", "Replacement", "Unit", "segment", "share_of_lines"]
