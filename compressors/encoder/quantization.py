"""Activation ranges of a quantised encoder: found once on sample text, stored beside the code, read at load."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from compressors.encoder.onnx_graph import ActivationRange


def load_ranges(path: Path) -> dict[str, ActivationRange]:
    """Ranges by the name of the matrix product they feed."""
    arrays = {name: array.astype(np.float32) for name, array in load_file(path).items()}
    names = {name.removesuffix(".low") for name in arrays if name.endswith(".low")}
    return {name: ActivationRange(arrays[f"{name}.low"], arrays[f"{name}.high"]) for name in sorted(names)}


def save_ranges(ranges: Mapping[str, ActivationRange], path: Path, source: str) -> None:
    """Write the file; `source` says on what the ranges were found."""
    arrays = {
        f"{name}.{side}": getattr(r, side).astype(np.float16) for name, r in ranges.items() for side in ("low", "high")
    }
    save_file(arrays, path, metadata={"source": source})
