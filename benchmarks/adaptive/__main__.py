"""Does the selector stop at the right place? `acc_rag` without a target against fixed ratios.

On each set, every method that does not choose its ratio is given the mean ratios that `acc_rag` chose there.

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
from benchmarks.adaptive.stops import Stop, mean_ratio
from benchmarks.quality.data import Item, dataset_files, load_set
from benchmarks.quality.metrics import kept
from promptpress import CompressionRequest, Compressor, Document
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.backends.models import Models
from promptpress.methods.capabilities import StopsItself
from promptpress.methods.registry import MethodInstances
from promptpress.pipeline.score_cache import LruScoreCache

METHOD = "acc_rag"
CONFIDENCES = (0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
MATCHED = (0.95, 0.99)
"""Confidences whose mean ratios the other methods are given; between them, answers kept are interpolated."""
SETS = (
    "nq20_single",
    "squadshifts_newwiki",
    "xquad_10doc:en",
    "xquad_10doc",
    "hotpotqa_distractor",
    "chat_sgd",
    "chat_irc",
)
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("--items", type=int, default=200, help="most items of each set (a fixed sample)")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--against", nargs="*", help="methods at fixed ratios; default: all whose models are there")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    files = dataset_files(arguments.data)
    models = ModelLoader().models(LruVectorCache(), LruScoreCache())
    compressor = Compressor(models)
    against = arguments.against or fixed_methods(models)
    stops: list[Stop] = []
    for name in arguments.sets:
        stops += run(compressor, load_set(files, name, arguments.items), against)
        # After every set, so that a run that is stopped keeps what it has.
        _write(stops, arguments.output)
    print(table.markdown(stops))


def _write(stops: Sequence[Stop], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "adaptive.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Stop)])
        writer.writeheader()
        writer.writerows(asdict(stop) for stop in stops)
    (folder / "adaptive.md").write_text(table.markdown(stops))
    plot.draw(stops, folder / "adaptive.png")


def fixed_methods(models: Models) -> list[str]:
    """Every registered method that keeps the share it is asked for and has its models; `auto` is one of them."""
    return [
        method.name
        for method in MethodInstances(models).usable()
        if method.name != "auto" and not (isinstance(method, StopsItself) and method.stop_caps_target)
    ]


def run(compressor: Compressor, items: Sequence[Item], against: Sequence[str]) -> list[Stop]:
    """A set's items at every confidence without a target, and by every other method at the mean ratios of `MATCHED`.

    Items whose answer is not in their documents are left out: nothing could keep it.
    """
    items = [item for item in items if kept(item, "\n".join(document["text"] for document in item.documents)) == 1.0]
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        stops: list[Stop] = []
        for item in progress.track(items, description=f"{items[0].dataset} {METHOD}"):
            stops += [_one(compressor, item, METHOD, confidence=confidence) for confidence in CONFIDENCES]
        ratios = [mean_ratio([stop for stop in stops if stop.asked == confidence]) for confidence in MATCHED]
        for method in against:
            for item in progress.track(items, description=f"{items[0].dataset} {method}"):
                stops += [_one(compressor, item, method, ratio=ratio) for ratio in ratios]
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
