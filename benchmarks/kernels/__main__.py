"""The Triton kernels on this machine's GPU: correctness, then time and memory against plain torch and FlashAttention.

    python -m benchmarks.kernels

Needs a CUDA card with 40 GB or more, torch, triton and promptpress_kernels; takes a few minutes. Writes kernels_CARD.json,
.md and .png into benchmarks/results/.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import triton

from benchmarks.kernels.measure import copy_bandwidth, product_rate
from benchmarks.kernels.parts import PARTS, correctness
from benchmarks.kernels.report import markdown, plot
from benchmarks.kernels.sweep import sweep

RESULTS = Path(__file__).parents[1] / "results"
# Above the rounding of bfloat16 results, far below any mistake.
TOLERANCE = 5e-3


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--sweep", action="store_true", help="only try other tiles, and write nothing")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    started = time.monotonic()
    torch.manual_seed(0)
    if arguments.sweep:
        for line in sweep():
            print(line, flush=True)
        return
    errors = correctness()
    print(json.dumps(errors, indent=1), flush=True)
    if not all(error < TOLERANCE for error in errors.values()):
        sys.exit("a kernel is wrong on this card: nothing was timed")
    torch.cuda.empty_cache()
    ceilings = {"copy": copy_bandwidth(), "product": product_rate()}
    torch.cuda.empty_cache()
    figures = []
    for part in arguments.parts:
        for each in PARTS[part]():
            print(f"{time.monotonic() - started:5.0f} s  {each}", file=sys.stderr, flush=True)
            figures.append(each)
        torch.cuda.empty_cache()
    card = torch.cuda.get_device_name()
    versions = {"torch": torch.__version__, "triton": triton.__version__, "cuda": torch.version.cuda}
    command = "python -m benchmarks.kernels"
    report = markdown(f"{card} (torch {versions['torch']}, Triton {versions['triton']})", command, ceilings, errors, figures)
    stem = arguments.output / f"kernels_{card.lower().replace(' ', '_')}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "card": card,
        "command": command,
        "versions": versions,
        "ceilings": ceilings,
        "errors": errors,
    }
    document["figures"] = [asdict(each) for each in figures]
    stem.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
    stem.with_suffix(".md").write_text(report)
    plot(figures, stem.with_suffix(".png"))
    print(report)


if __name__ == "__main__":
    main()
