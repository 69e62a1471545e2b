"""Does the selector stop at the right place? `acc_rag` without a target against fixed ratios.

    make bench-adaptive DATA=../shared/data/public ADAPTIVE_ITEMS=200

Writes adaptive.csv, adaptive.md and adaptive.png into benchmarks/results/.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.adaptive import plot, table
from benchmarks.adaptive.stops import FIXED, Stop
from benchmarks.quality.data import Item, dataset_files, load
from benchmarks.quality.metrics import kept
from compressors import CompressionRequest, Compressor, Document
from compressors.encoder.cache import LruVectorCache
from compressors.methods.score_cache import LruScoreCache
from compressors.models import ModelLoader

METHOD = "acc_rag"
CONFIDENCES = (0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
RATIOS = (0.03, 0.06, 0.1, 0.16, 0.3, 0.5)
SETS = ("nq20_single", "squadshifts_newwiki", "hotpotqa_distractor", "xquad_10doc", "chat_sgd", "multihop_ircot")
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("--items", type=int, default=200, help="most items of each set (a fixed sample)")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--against", nargs="*", default=list(FIXED), help="methods at fixed ratios")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    files = dataset_files(arguments.data)
    items = [item for name in arguments.sets for item in load(files[name], arguments.items)]
    stops = run(items, arguments.against)
    arguments.output.mkdir(parents=True, exist_ok=True)
    with (arguments.output / "adaptive.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Stop)])
        writer.writeheader()
        writer.writerows(asdict(stop) for stop in stops)
    markdown = table.markdown(stops)
    (arguments.output / "adaptive.md").write_text(markdown)
    plot.draw(stops, arguments.output / "adaptive.png")
    print(markdown)


def run(items: Sequence[Item], against: Sequence[str]) -> list[Stop]:
    """Every item at every confidence without a target, and by every other method at every ratio.

    Items whose answer is not in their documents are left out: nothing could keep it.
    """
    compressor = Compressor(ModelLoader().models(LruVectorCache(), LruScoreCache()))
    stops: list[Stop] = []
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=len(items))
        for item in items:
            progress.update(task, description=item.dataset, advance=1)
            if kept(item, "\n".join(document["text"] for document in item.documents)) != 1.0:
                continue
            for confidence in CONFIDENCES:
                stops.append(_one(compressor, item, METHOD, confidence=confidence))
            for method in against:
                stops += [_one(compressor, item, method, ratio=ratio) for ratio in RATIOS]
    return stops


def _one(
    compressor: Compressor, item: Item, method: str, confidence: float | None = None, ratio: float | None = None
) -> Stop:
    request = CompressionRequest(
        documents=[Document(title=d["title"], text=d["text"]) for d in item.documents],
        query=item.question,
        method=method,
        target_ratio=ratio,
        options={} if confidence is None else {"confidence": confidence},
    )
    result = compressor.compress(request)
    survived = kept(item, "\n".join(document.text for document in result.documents or []))
    details = result.method_details
    return Stop(
        item.id,
        item.dataset,
        method,
        confidence if confidence is not None else ratio or 0.0,
        survived == 1.0,
        result.usage.tokens_before,
        result.usage.tokens_after,
        details.get("confidence"),
        details.get("stop_step"),
        details.get("stopped"),
    )


if __name__ == "__main__":
    main()
