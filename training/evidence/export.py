"""Write a trained model as the file that the package ships.

    python -m training.evidence.export build/evidence/run/model.pt build/evidence/train.jsonl

Finds the activation ranges for int8 on training groups, and writes `evidence.safetensors` (trained layers and heads in
fp16, ranges) and its SHA-256 beside the code that loads it.
"""

import argparse
import hashlib
import itertools
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from safetensors.numpy import load_file, save

from promptpress.backends.cross_encoder.model import DIGEST, WEIGHTS
from promptpress.backends.encoder import embedded
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from promptpress.backends.onnx.graph import ActivationRange, TokenHead, build_bert
from promptpress.backends.onnx.quantization import range_arrays
from promptpress.backends.onnx.session import single_thread_session
from training.evidence.examples import make_example
from training.evidence.groups import Group, load

_PARTS = {
    "attended": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "output_norm": "output.LayerNorm",
}
_FROZEN = 2


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--items", type=int, default=200, help="groups to find the ranges on")
    arguments = parser.parse_args()
    state = torch.load(arguments.model, weights_only=True)
    # fp16 first, so that the ranges belong to the weights that are shipped.
    arrays = {name: array.astype(np.float16) for name, array in checkpoint_arrays(state).items()}
    groups = list(itertools.islice(load(arguments.groups), arguments.items))
    arrays |= range_arrays(find_ranges(arrays, groups), "range.")
    data = save(arrays, metadata={"format": "promptpress-evidence", "trained_on": "see docs/models.md"})
    arguments.output.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    arguments.output.with_suffix(DIGEST.suffix).write_text(f"{digest}  {arguments.output.name}\n")
    print(f"wrote {arguments.output}: {len(data) / 1e6:.1f} MB, sha256 {digest}")


def checkpoint_arrays(state: dict[str, torch.Tensor]) -> dict[str, NDArray[np.float32]]:
    """Trained layers under the names of a BERT checkpoint; `head.weight` (3, hidden), `head.bias`, `prior`."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[0] != "layers" or int(parts[1]) < _FROZEN:
            continue
        prefix = f"encoder.layer.{parts[1]}"
        if parts[2] == "qkv":
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                arrays[f"{prefix}.attention.self.{part}.{parts[3]}"] = piece.numpy()
        else:
            arrays[f"{prefix}.{_PARTS[parts[2]]}.{parts[3]}"] = tensor.numpy()
    heads = ("unit", "token", "passage")
    arrays["head.weight"] = torch.cat([state[f"{h}.weight"] for h in heads]).numpy()
    arrays["head.bias"] = torch.cat([state[f"{h}.bias"] for h in heads]).numpy()
    arrays["prior"] = state["prior"].numpy()
    return arrays


def find_ranges(arrays: dict[str, NDArray[np.float16]], groups: list[Group]) -> dict[str, ActivationRange]:
    """Smallest and largest input of every product, by channel, over the rows of these groups."""
    weights = load_file(embedded.model_folder() / "model.safetensors")
    own = {name: array.astype(np.float32) for name, array in arrays.items()}
    graph = build_bert(
        weights | {n: a for n, a in own.items() if n.startswith("encoder.")},
        embedded.SHAPE,
        None,
        expose_matmul_inputs=True,
        head=TokenHead(own["head.weight"], own["head.bias"]),
    )
    session = single_thread_session(graph)
    names = [output.name for output in session.get_outputs()][1:]
    low: dict[str, NDArray[np.float32]] = {}
    high: dict[str, NDArray[np.float32]] = {}
    encoder, cache = EmbeddedEncoder(), LruVectorCache()
    for group in track(groups, "calibrating"):
        example = make_example(group, encoder, cache)
        for row in example.rows[:2] if example else ():
            segments = np.zeros((1, len(row.ids)), dtype=np.int32)
            segments[:, row.text_start :] = 1
            for name, value in zip(
                names, session.run(names, {"token_ids": row.ids[None], "segments": segments}), strict=True
            ):
                low[name] = np.minimum(low.get(name, np.inf), value.min(axis=(0, 1)))
                high[name] = np.maximum(high.get(name, -np.inf), value.max(axis=(0, 1)))
    return {name: ActivationRange(low[name], high[name]) for name in names}


if __name__ == "__main__":
    main()
