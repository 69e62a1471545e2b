"""Activation ranges of a quantised encoder: found once on sample text, stored beside the code, read at load."""

import json
from collections.abc import Mapping
from importlib.resources.abc import Traversable

from compressors.encoder.onnx_graph import ActivationRange


def load_ranges(file: Traversable) -> dict[str, ActivationRange]:
    """Ranges by the name of the matrix product they feed."""
    return {name: ActivationRange(low, high) for name, (low, high) in json.loads(file.read_text())["ranges"].items()}


def dump_ranges(ranges: Mapping[str, ActivationRange], source: str) -> str:
    """The file's text; `source` says on what the ranges were found."""
    rounded = {name: [round(r.low, 4), round(r.high, 4)] for name, r in ranges.items()}
    return json.dumps({"source": source, "ranges": rounded}, indent=1) + "\n"
