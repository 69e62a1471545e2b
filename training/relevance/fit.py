"""Measure what each number of `hybrid` and `evidence` is worth, and search for better ones.

    python -m training.relevance.fit ../shared/data/public --items 20 --sets nq20_single hotpotqa_distractor

Encoder and cross-encoder run once for each input and are remembered in memory; every weights after that costs only sums and
cuts. Writes relevance_weights.md into `--folder`.
"""

import argparse
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.quality.data import dataset_files, load_set
from promptpress.arrays import Float64Array
from training.relevance.replay import Replay, Weights, remembering_models
from training.relevance.report import Fit, markdown
from training.relevance.search import NUMBERS, Step, coordinate_search, sensitivities

MEASUREMENTS = Path(__file__).parents[2] / "docs" / "measurements"


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("--items", type=int, default=20, help="most items of each set (a fixed sample)")
    parser.add_argument("--sets", nargs="*", help="only these sets, or one language of a set: xquad_10doc:en")
    parser.add_argument("--folder", type=Path, default=MEASUREMENTS, help="where the page is written")
    parser.add_argument("--values", type=int, default=5, help="values tried of each number; 0 leaves out the search")
    parser.add_argument("--threads", type=int, default=None, help="threads of the models")
    arguments = parser.parse_args()
    files = dataset_files(arguments.data)
    items = [item for name in arguments.sets or files for item in load_set(files, name, arguments.items)]
    replay = Replay(items, remembering_models(arguments.threads))
    page = markdown(run(replay, arguments.values))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "relevance_weights.md").write_text(page)
    print(page)


def run(replay: Replay, values: int) -> Fit:
    """The sensitivity of every number, and a search over those that change anything."""
    datasets = [item.dataset for item in replay.items]
    columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("shipped weights", total=len(replay.items) * (1 + len(NUMBERS)))

        def evaluate(weights: Weights) -> Float64Array:
            return replay.kept(weights, lambda: progress.advance(task))

        shipped = evaluate(Weights())
        progress.update(task, description="sensitivity")
        found = sensitivities(evaluate)
        searched = [each.number for each in found if (each.kept != shipped).any()] if values else []
        steps: list[Step] = []
        if searched:
            progress.update(task, description="search", completed=0, total=len(replay.items) * (1 + len(searched) * values))
            _, steps = coordinate_search(evaluate, datasets, searched, values)
    return Fit(datasets, replay.ratios, shipped, found, [number.name for number in searched], steps)


if __name__ == "__main__":
    main()
