"""Writes a trained model as the folder that `promptpress.backends.causal_lm.embedded` loads."""

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from promptpress.backends.causal_lm.embedded import write_digests

_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


def export(model: Any, run: Path, folder: Path) -> None:
    """Weights as float16, half the file; the tokenizer of the run; and the digests that the package checks."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.to(torch.float16) for name, value in model.state_dict().items() if name != "lm_head.weight"}
    model.config.dtype = torch.float16
    model.config.save_pretrained(folder)
    # The output head is the embedding; the loader ties them.
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(run / name, folder / name)
    write_digests(folder, _FILES)
