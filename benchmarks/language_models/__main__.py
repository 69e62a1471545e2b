"""The language-model methods on the embedded models: needles found, and time beside a bare forward pass.

    make bench-lm

Writes language_models.json and language_models.md into benchmarks/results/.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import Progress

from benchmarks.language_models import needles, times
from promptpress import Compressor
from promptpress.backends.causal_lm.embedded import is_present
from promptpress.backends.loader import ModelLoader

RESULTS = Path(__file__).parents[1] / "results"
READERS = {
    "ehpc, the encoder's head": ("ehpc", {"evaluator": "encoder"}),
    "ehpc, the embedded language model's heads": ("ehpc", {"evaluator": "causal_lm"}),
    "bm25": ("bm25", {}),
}


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", nargs="*", type=int, default=list(needles.LENGTHS), help="tokens of the probes")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    loader = ModelLoader()
    compressor = Compressor(loader.models())
    known = is_present() and loader.models().evaluator("causal_lm").profile is not None
    readers = {name: call for name, call in READERS.items() if known or call[1] != {"evaluator": "causal_lm"}}
    with Progress(*Progress.get_default_columns(), console=Console(stderr=True)) as progress:
        task = progress.add_task("needles", total=needles.PROBES * len(arguments.lengths) * len(readers))
        found = [
            needles.measure(compressor, name, method, options, arguments.lengths, progress=lambda: progress.advance(task))
            for name, (method, options) in readers.items()
        ]
    ratios = _ratios(loader, compressor) if is_present() else []
    arguments.output.mkdir(parents=True, exist_ok=True)
    figures = {
        "needles": [{**asdict(each), "share": each.share} for each in found],
        "times": [{**asdict(each), "ratio": round(each.ratio, 3)} for each in ratios],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    (arguments.output / "language_models.json").write_bytes(orjson.dumps(figures, option=options) + b"\n")
    markdown = _markdown(found, ratios, arguments.lengths)
    (arguments.output / "language_models.md").write_text(markdown)
    print(markdown)


def _ratios(loader: ModelLoader, compressor: Compressor) -> list[times.Ratio]:
    lm = loader.causal_lm()
    found = [
        times.measure(compressor, lm, "selective_context", {"context": how}, lm.layers) for how in ("document", "sentence")
    ]
    middle = lm.layers // 2
    # The choice of heads makes no difference to the time, so this needs none that were found.
    options = {"evaluator": "causal_lm", "layer": middle, "heads": [0]}
    found.append(times.measure(compressor, lm, "ehpc", options, middle + 1))
    return found


def _markdown(found: list[needles.Needles], ratios: list[times.Ratio], lengths: list[int]) -> str:
    lines = [
        f"Needles kept at {needles.RATIO:g} of the tokens, {needles.PROBES} texts of each length:",
        "",
        "| method | " + " | ".join(f"{length:,} tokens" for length in lengths) + " | all |",
        "|---|" + "---|" * (len(lengths) + 1),
        *(
            f"| {each.name} | " + " | ".join(f"{each.kept[length] / needles.PROBES:.2f}" for length in lengths)
            + f" | {each.share:.3f} |"
            for each in found
        ),
    ]  # fmt: skip
    if ratios:
        lines += [
            "",
            f"A request of {times.TOKENS:,} tokens beside a bare run of the same layers (medians):",
            "",
            "| method | ms | bare, ms | ratio |",
            "|---|---|---|---|",
            *(
                f"| {each.name} | {1000 * sorted(each.method)[len(each.method) // 2]:.0f} | "
                f"{1000 * sorted(each.bare)[len(each.bare) // 2]:.0f} | {each.ratio:.2f} |"
                for each in ratios
            ),
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
