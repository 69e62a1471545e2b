"""Set the selector's last five numbers on halves of public sets, so that the confidence asked is the share of answers kept.

    python -m training.adaptive.adjust ../shared/data/public nq20_positions squadshifts_newwiki --chats chat_sgd

Training questions come with other documents than a retriever's, and the evidence model has read some of them; then the
selector is too sure or not sure enough everywhere. Another shift and slope of the log-odds put that right. In chats it
is too sure even then: the answer is often in the turn after the one that resembles the question. They have a further shift.
Two more say from the confidence asked what a further piece of text must add to be kept, one of them for chats only. All
are fitted to every other question of a set; the figures are for the rest.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track
from safetensors import safe_open
from safetensors.numpy import save_file

from benchmarks.quality.data import Item, load
from benchmarks.quality.metrics import kept
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.methods.acc_rag.acc_rag import SCORER
from promptpress.methods.acc_rag.features import features, prefix_sizes, shares
from promptpress.methods.acc_rag.selector import WEIGHTS, Selector
from promptpress.methods.base import Method
from promptpress.scores import ranking
from training.adaptive.calibration import ASKED, Steps, fit_gain, fit_gain_factor, fit_shift, platt

_SHIFTS_OF_LINES = np.arange(-5.0, 1.01, 0.05)
_FACTORS_OF_LINES = np.geomspace(0.02, 2, 60)


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
    shift, slope = platt(joined([half(read[name], 0) for name in arguments.sets]))
    true = {name: steps.adjusted(shift, slope) for name, steps in read.items()}
    gain = fit_gain([half(true[name], 0) for name in arguments.sets])
    further, factor = 0.0, 1.0
    if arguments.chats:
        further = fit_shift(joined([half(true[name], 0) for name in arguments.chats]), _SHIFTS_OF_LINES)
        true |= {name: true[name].adjusted(further) for name in arguments.chats}
        factor = fit_gain_factor([half(true[name], 0) for name in arguments.chats], gain, _FACTORS_OF_LINES)
    numbers = {"calibration": np.asarray([shift, slope, further]), "gain": np.asarray([*gain, factor])}
    save_file({**arrays, **numbers}, arguments.output, about)
    selector = Selector.read(arguments.output)
    print(f"shift {shift:.2f}, slope {slope:.2f}, further shift of chats {further:.2f}")
    print(f"least gain {gain[0]:.1f} (1 - confidence)^{gain[1]:g}, of chats {factor:.3f} times as much")
    for name, steps in true.items():
        rest = half(steps, 1)
        lines = float(name in arguments.chats)
        told = ", ".join(f"{asked:g}: {rest.kept(selector.least_gain(asked, lines)):.3f}" for asked in ASKED)
        print(f"{name}, the other half, {len(rest.starts)} items, kept at {told}")


def steps_of(items: Sequence[Item], method: Method, selector: Selector) -> Steps:  # type: ignore[type-arg]
    """The prefixes of every item whose answer is in its documents, with the selector's uncalibrated log-odds.

    Requests of one question have either even numbers or odd ones, so that they are in the same half.
    """
    odds: list[np.ndarray] = []
    found: list[bool] = []
    share: list[np.ndarray] = []
    request: list[int] = []
    questions: dict[str, int] = {}
    for place, item in enumerate(track(items, items[0].dataset)):
        if kept(item, "\n".join(document["text"] for document in item.documents)) != 1.0:
            continue
        passages = [segment(document["text"], document["title"]) for document in item.documents]
        scored = method.score(passages, item.question, method.options_model())
        order = ranking(passages, scored.units)
        sizes = prefix_sizes(len(order))
        odds.append(selector.log_odds(features(passages, scored, order, item.question)))
        found += [kept(item, "\n".join(passages[p].slice(u) for p, u in order[:size])) == 1.0 for size in sizes]
        share.append(shares(passages, order)[np.asarray(sizes) - 1])
        parity = questions.setdefault(item.question, len(questions)) % 2
        request += [2 * place + parity] * len(sizes)
    return Steps(np.concatenate(odds), np.asarray(found), np.concatenate(share), np.asarray(request))


def half(steps: Steps, which: int) -> Steps:
    """The requests with even (0) or odd (1) numbers."""
    return steps.where(steps.request % 2 == which)


def joined(groups: Sequence[Steps]) -> Steps:
    """The requests of all groups."""
    first = np.cumsum([0, *(int(steps.request.max()) + 1 for steps in groups)])
    return Steps(
        np.concatenate([steps.log_odds for steps in groups]),
        np.concatenate([steps.found for steps in groups]),
        np.concatenate([steps.share for steps in groups]),
        np.concatenate([steps.request + number for steps, number in zip(groups, first, strict=False)]),
    )


if __name__ == "__main__":
    main()
