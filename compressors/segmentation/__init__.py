"""Any text as units with exact offsets."""

from compressors.segmentation.passage import segment
from compressors.segmentation.unit import LINES, STRUCTURED, Join, Kind, Passage, Replacement, Unit

__all__ = ["LINES", "STRUCTURED", "Join", "Kind", "Passage", "Replacement", "Unit", "segment"]
