"""Find the activation ranges with which the embedded encoder is quantised to int8.

    python -m training.encoder.calibrate ../shared/data/train/train_qa.jsonl.gz

Reads questions and paragraphs, runs the fp32 graph and writes the smallest and largest value of every channel of
each matrix product's input. The extremes are kept, not clipped: clipping costs more than the coarser step does.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from promptpress.backends.encoder import embedded
from promptpress.backends.onnx.graph import ActivationRange, build_bert
from promptpress.backends.onnx.quantization import save_ranges
from promptpress.backends.onnx.session import onnx_runtime


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a .jsonl.gz of items with `question` and `documents`")
    parser.add_argument("--items", type=int, default=300)
    arguments = parser.parse_args()
    folder = embedded.model_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    graph = build_bert(load_file(folder / "model.safetensors"), embedded.SHAPE, None, expose_matmul_inputs=True)
    session = onnx_runtime().InferenceSession(graph, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()][1:]
    low: dict[str, NDArray[np.float32]] = {}
    high: dict[str, NDArray[np.float32]] = {}
    with gzip.open(arguments.data, "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line, _ in zip(lines, range(arguments.items), strict=False)]
    for item in track(items, "calibrating"):
        document = item["documents"][0]
        for text in (item["question"], f"{document['title']}\n{document['text']}"):
            ids = np.asarray([tokenizer.encode(text).ids[: embedded.EmbeddedEncoder.window]], dtype=np.int32)
            for name, value in zip(names, session.run(names, {"token_ids": ids}), strict=True):
                low[name] = np.minimum(low.get(name, np.inf), value.min(axis=(0, 1)))
                high[name] = np.maximum(high.get(name, -np.inf), value.max(axis=(0, 1)))
    ranges = {name: ActivationRange(low[name], high[name]) for name in names}
    save_ranges(ranges, embedded.RANGES, f"{len(items)} items of {arguments.data.name}")
    print(f"wrote {embedded.RANGES}")


if __name__ == "__main__":
    main()
