"""Which heads of a model are evaluator heads: published ones, and those that `promptpress find-heads` found."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from promptpress.errors import ModelUnavailable

SETTING = "evaluator_heads"
"""The setting that names a file of evaluator heads."""


@dataclass(frozen=True)
class HeadProfile:
    """`heads` of `layer`, both counted from 0; the last `window` tokens attend; scores are averaged over `kernel` tokens."""

    layer: int
    heads: tuple[int, ...]
    window: int
    kernel: int


class HeadFile(BaseModel):
    """What `promptpress find-heads` writes and the setting `evaluator_heads` reads; further keys are ignored."""

    model_config = ConfigDict(extra="ignore")

    layer: int = Field(ge=0)
    heads: list[int] = Field(min_length=1)
    window: int = Field(16, ge=1)
    kernel: int = Field(32, ge=1)


# Table of the paper; CodeLlama's window and kernel are not given there, so they are Llama's. Whether it counts layers and
# heads from 0 is not said either; we take it so.
_PUBLISHED = {
    "llama-3.1-8b": HeadProfile(13, (18, 13, 21, 8, 11, 1, 4, 3), 16, 32),
    "codellama-7b": HeadProfile(14, (24, 3, 18, 7, 29, 2, 9, 1), 16, 32),
    "phi-3.5-mini": HeadProfile(17, (7, 17, 30, 2, 6, 16, 25, 18), 4, 32),
}


def published(model: str) -> HeadProfile | None:
    """The paper's heads for a model by its name or path, such as meta-llama/Llama-3.1-8B-Instruct."""
    name = model.lower().replace("meta-llama-", "llama-")
    return next((profile for key, profile in _PUBLISHED.items() if key in name), None)


def read_profile(path: Path) -> HeadProfile:
    """A profile from a file. Raises ModelUnavailable naming the setting."""
    try:
        found = HeadFile.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise ModelUnavailable(f"cannot read {str(path)!r}: {error.strerror}", SETTING) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelUnavailable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", SETTING) from error
    except ValueError as error:
        raise ModelUnavailable(f"{str(path)!r} is not JSON: {error}", SETTING) from error
    return HeadProfile(found.layer, tuple(found.heads), found.window, found.kernel)


def out_of_range(profile: HeadProfile, layers: int, heads: int) -> str | None:
    """What is wrong with a profile for a model of that size; None if nothing is."""
    if profile.layer >= layers:
        return f"layer {profile.layer} is out of range; the model has layers 0 to {layers - 1}"
    wrong = [head for head in profile.heads if not 0 <= head < heads]
    return f"head {wrong[0]} is out of range; the model has heads 0 to {heads - 1} in each layer" if wrong else None
