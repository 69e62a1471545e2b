"""Any text as units with exact offsets."""

from compressors.segmentation.passage import segment
from compressors.segmentation.unit import LINES, STRUCTURED, Join, Kind, Passage, Replacement, Unit, share_of_lines

__all__ = ["LINES", "STRUCTURED", "Join", "Kind", "Passage", "Replacement", "Unit", "segment", "share_of_lines"]
