"""The causal language model that needs no network: trained by `training.causal_lm`, kept beside this file.

The folder `model/` holds what Hugging Face's loader reads (config.json, tokenizer.json, tokenizer_config.json,
model.safetensors) and `sha256`, a line "digest  name" for each of them. A version of the package may come without it.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from promptpress.errors import ModelUnavailable

FOLDER = Path(__file__).with_name("model")
_DIGESTS = "sha256"


def is_present() -> bool:
    """Whether this version of the package holds the model."""
    return (FOLDER / _DIGESTS).exists()


def embedded_name() -> str:
    """The model's name, found without loading it. Raises ModelUnavailable if its files are not those of this version."""
    return _checked_name(FOLDER)


@lru_cache(maxsize=4)
def _checked_name(folder: Path) -> str:
    listed = (folder / _DIGESTS).read_text().splitlines()
    for line in listed:
        digest, name = line.split()
        file = folder / name
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise ModelUnavailable(
                f"the embedded language model's {name} is not the file this version was made with; reinstall the package"
            )
    digest = hashlib.sha256("".join(listed).encode()).hexdigest()
    return f"promptpress-lm/{digest[:8]}"


def write_digests(folder: Path, names: list[str]) -> None:
    """Write the file of digests, last of all: without it the folder does not count as a model."""
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / _DIGESTS).write_text("".join(lines))
