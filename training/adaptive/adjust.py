"""Set the selector's three last numbers on halves of public sets, so that the confidence asked is the share of answers kept.

    python -m training.adaptive.adjust ../shared/data/public nq20_positions --chats chat_sgd

Training questions come with other documents than a retriever's, and a scorer may have been trained on them; then the
selector is too sure or not sure enough everywhere. Another shift and slope of the log-odds put that right. In chats it
is too sure even then: the answer is often in the turn after the one that resembles the question. They have a further shift.
All are fitted to every other item of a set; the figures are for the rest.
"""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track
from safetensors import safe_open
from safetensors.numpy import save_file

from benchmarks.quality.data import Item, load
from benchmarks.quality.metrics import kept
from compressors.adaptive.features import features, granularities
from compressors.adaptive.selector import WEIGHTS, Selector
from compressors.budget import ranking
from compressors.encoder.cache import LruVectorCache
from compressors.methods.acc_rag import SCORER
from compressors.methods.base import Method
from compressors.models import ModelLoader
from compressors.segmentation import segment
from training.adaptive.calibration import FloatArray, Steps, log_odds

_ASKED = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
_MARGIN = 0.02
"""What is aimed at above the confidence asked, so that chance does not put a set below it; half of what is left at most."""
_SHIFTS = np.arange(-2.0, 3.01, 0.05)
_SLOPES = np.arange(0.6, 2.01, 0.05)
_SHIFTS_OF_LINES = np.arange(-4.0, 1.01, 0.05)


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--chats", nargs="*", default=[], help="sets whose documents are chats")
    parser.add_argument("--items", type=int, default=300, help="most items of each set, both halves together")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    with safe_open(arguments.output, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = file.metadata()
    selector = Selector(arrays, about["scorer"], int(about["depth"]))
    method = SCORER(ModelLoader(threads=1).models(LruVectorCache(1 << 28)))
    names = [*arguments.sets, *arguments.chats]
    read = {name: steps_of(load(arguments.data / f"{name}.jsonl.gz", arguments.items), method, selector) for name in names}
    shift, slope = fit([half(read[name], 0) for name in arguments.sets])
    further = 0.0
    if arguments.chats:
        further = fit([half(read[name], 0) for name in arguments.chats], shift + _SHIFTS_OF_LINES, [slope])[0] - shift
    save_file({**arrays, "calibration": np.asarray([shift, slope, further])}, arguments.output, about)
    print(f"shift {shift:.2f}, slope {slope:.2f}, further shift of chats {further:.2f}")
    for name, steps in read.items():
        rest = adjusted(half(steps, 1), shift + further * (name in arguments.chats), slope)
        shares = ", ".join(f"{asked:g}: {rest.kept(log_odds(asked)):.3f}" for asked in _ASKED)
        print(f"{name}, the other half, {len(np.unique(rest.request))} items, kept at {shares}")


def steps_of(items: Sequence[Item], method: Method, selector: Selector) -> Steps:  # type: ignore[type-arg]
    """The prefixes of every item whose answer is in its documents, with the selector's uncalibrated log-odds."""
    odds: list[np.ndarray] = []
    found: list[bool] = []
    request: list[int] = []
    for number, item in enumerate(track(items, items[0].dataset)):
        if kept(item, "\n".join(document["text"] for document in item.documents)) != 1.0:
            continue
        passages = [segment(document["text"], document["title"]) for document in item.documents]
        scored = method.score(passages, item.question, method.options_model())
        order = ranking(passages, scored.units)
        sizes = granularities(len(order))
        odds.append(selector.log_odds(features(passages, scored, order, item.question)))
        found += [kept(item, "\n".join(passages[p].slice(u) for p, u in order[:size])) == 1.0 for size in sizes]
        request += [number] * len(sizes)
    return Steps(np.concatenate(odds), np.asarray(found), np.ones(len(found)), np.asarray(request))


def half(steps: Steps, which: int) -> Steps:
    """Every other request, from the first (0) or the second (1) on."""
    places = np.unique(steps.request, return_inverse=True)[1]
    return steps.where(places % 2 == which)


def adjusted(steps: Steps, shift: float, slope: float) -> Steps:
    """The same prefixes with other log-odds."""
    return replace(steps, log_odds=shift + slope * steps.log_odds)


def fit(
    halves: Sequence[Steps], shifts: Sequence[float] | FloatArray = _SHIFTS, slopes: Sequence[float] | FloatArray = _SLOPES
) -> tuple[float, float]:
    """The shift and slope with which answers kept come nearest to the confidence asked, every set weighing the same."""

    def error(pair: tuple[float, float]) -> float:
        aims = [asked + min(_MARGIN, (1 - asked) / 2) for asked in _ASKED]
        return sum(
            (adjusted(steps, *pair).kept(log_odds(asked)) - aim) ** 2
            for steps in halves
            for asked, aim in zip(_ASKED, aims, strict=True)
        )

    shift, slope = min(itertools.product(shifts, slopes), key=error)
    return float(shift), float(slope)


if __name__ == "__main__":
    main()
