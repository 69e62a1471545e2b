"""Quality: is the answer still there? Every method on every data set at several ratios.

    make bench-quality DATA=../shared/data/public ITEMS=100

Writes quality.csv, quality.md and quality.png into benchmarks/results/.
"""

import argparse
import csv
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.quality import plot, table
from benchmarks.quality.data import Item, dataset_files, load_set
from benchmarks.quality.forms import FORMS, Form, passages, request_for
from benchmarks.quality.intervals import bootstrap_interval
from benchmarks.quality.metrics import kept
from benchmarks.quality.outcome import Outcome, violation
from benchmarks.quality.summaries import entity_recall, rouge_l_recall
from promptpress import Compressor
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader

RATIOS = (0.25, 0.125, 0.0625)
METHODS = ("auto", "hybrid", "dspc", "cosine", "bm25", "truncate", "random")
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("--items", type=int, default=None, help="most items of each set (a fixed sample)")
    parser.add_argument("--sets", nargs="*", help="only these sets, or one language of a set: xquad_10doc:en")
    parser.add_argument(
        "--methods", nargs="*", default=list(METHODS), help="names, or with options: dspc:stages=both,unit=word"
    )
    parser.add_argument("--ratios", nargs="*", type=float, default=list(RATIOS))
    parser.add_argument("--precision", choices=["int8", "fp32"], default="int8", help="of the embedded models")
    parser.add_argument("--form", choices=FORMS, default="documents", help="how the passages are sent")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    files = dataset_files(arguments.data)
    items = [item for name in arguments.sets or files for item in load_set(files, name, arguments.items)]
    outcomes = run(items, arguments.methods, arguments.ratios, arguments.precision, arguments.form)
    arguments.output.mkdir(parents=True, exist_ok=True)
    _write_csv(arguments.output / "quality.csv", outcomes)
    markdown = table.markdown(outcomes, arguments.form)
    (arguments.output / "quality.md").write_text(markdown)
    plot.draw(outcomes, arguments.output / "quality.png")
    print(markdown)


def run(
    items: Iterable[Item], methods: list[str], ratios: list[float], precision: str = "int8", form: Form = "documents"
) -> list[Outcome]:
    """Compress every item by every method at every ratio. Each method has caches of its own."""
    items = list(items)
    outcomes: list[Outcome] = []
    loader = ModelLoader(precision=precision)
    compressors = {method: Compressor(loader.models(LruVectorCache())) for method in methods}
    for compressor in compressors.values():
        compressor.warm_up()
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=len(items) * len(methods) * len(ratios))
        for item in items:
            progress.update(task, description=item.dataset)
            for method in methods:
                for ratio in ratios:
                    outcomes.append(_one(compressors[method], item, method, ratio, cold=ratio == ratios[0], form=form))
                    progress.advance(task)
    return outcomes


def method_and_options(given: str) -> tuple[str, dict[str, Any]]:
    """`dspc:stages=both,layer=2` as ("dspc", {"stages": "both", "layer": 2}): values are JSON, or else strings."""
    name, _, rest = given.partition(":")
    options: dict[str, Any] = {}
    for option in filter(None, rest.split(",")):
        key, _, value = option.partition("=")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return name, options


def _one(compressor: Compressor, item: Item, method: str, ratio: float, *, cold: bool, form: Form) -> Outcome:
    name, options = method_and_options(method)
    request = request_for(item, form, method=name, options=options, target_ratio=ratio, include=["spans"])
    started = time.perf_counter()
    result = compressor.compress(request)
    seconds = time.perf_counter() - started
    output = "\n".join(slot.text for slot in passages(result))
    return Outcome(
        item.id,
        item.dataset,
        method,
        ratio,
        kept(item, output),
        result.usage.tokens_before,
        result.usage.tokens_after,
        seconds,
        cold,
        violation(request, result, ratio),
        rouge_l_recall(item, output),
        entity_recall(item, output),
    )


def _write_csv(path: Path, outcomes: list[Outcome]) -> None:
    groups: dict[tuple[str, str, float], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.dataset, outcome.method, outcome.ratio].append(outcome)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = ["dataset", "method", "ratio", "items", "kept", "low", "high", "actual_ratio", "median_ms", "violations"]
        writer.writerow([*columns, "rouge_l_recall", "entity_recall"])
        for (dataset, method, ratio), group in groups.items():
            scores = [outcome.kept for outcome in group if outcome.kept is not None]
            low, high = bootstrap_interval(scores) if scores else (None, None)
            writer.writerow(
                [
                    dataset,
                    method,
                    ratio,
                    len(scores),
                    round(statistics.fmean(scores), 4) if scores else "",
                    _mean([low]),
                    _mean([high]),
                    round(sum(o.tokens_after for o in group) / max(1, sum(o.tokens_before for o in group)), 4),
                    round(1000 * statistics.median(o.seconds for o in group), 1),
                    sum(o.violation is not None for o in group),
                    _mean(outcome.rouge_l for outcome in group),
                    _mean(outcome.entities for outcome in group),
                ]
            )


def _mean(values: Iterable[float | None]) -> float | str:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 4) if known else ""


if __name__ == "__main__":
    main()
