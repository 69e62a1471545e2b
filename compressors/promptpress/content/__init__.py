"""Any text as units with exact offsets."""

from promptpress.content.kinds import LINE_KINDS, STRUCTURED_KINDS, Kind
from promptpress.content.segment import segment
from promptpress.content.unit import Join, Passage, Replacement, Unit, line_unit_fraction

__all__ = [
    "LINE_KINDS",
    "STRUCTURED_KINDS",
    "Join",
    "Kind",
    "Passage",
    "Replacement",
    "Unit",
    "line_unit_fraction",
    "segment",
]
