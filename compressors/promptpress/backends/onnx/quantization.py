"""Activation ranges of a quantised encoder: found once on sample text, stored beside the code, read at load."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from promptpress.backends.onnx.graph import ActivationRange


def load_ranges(path: Path) -> dict[str, ActivationRange]:
    """Ranges by the name of the matrix product they feed."""
    return ranges_of({name: array.astype(np.float32) for name, array in load_file(path).items()})


def ranges_of(arrays: Mapping[str, NDArray[np.float32]], prefix: str = "") -> dict[str, ActivationRange]:
    """Ranges among other arrays, stored as `<prefix><product>.low` and `.high`."""
    names = {n.removesuffix(".low").removeprefix(prefix) for n in arrays if n.startswith(prefix) and n.endswith(".low")}
    return {name: ActivationRange(arrays[f"{prefix}{name}.low"], arrays[f"{prefix}{name}.high"]) for name in sorted(names)}


def range_arrays(ranges: Mapping[str, ActivationRange], prefix: str = "") -> dict[str, NDArray[np.float16]]:
    """What `ranges_of` reads, to be stored."""
    return {
        f"{prefix}{name}.{side}": getattr(r, side).astype(np.float16)
        for name, r in ranges.items()
        for side in ("low", "high")
    }


def save_ranges(ranges: Mapping[str, ActivationRange], path: Path, source: str) -> None:
    """Write the file; `source` names the text that the ranges were found on."""
    save_file(range_arrays(ranges), path, metadata={"source": source})
