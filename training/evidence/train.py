"""Train the evidence model.

    python -m training.evidence.build ../shared/data build/evidence
    python -m training.evidence.train build/evidence --steps 2000

Resumes from the last checkpoint in the folder if there is one. Writes `log.csv`, `loss.png`, `checkpoint.pt` and `model.pt`.
"""

import argparse
import csv
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from promptpress.backends.encoder import embedded
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from training.evidence import plot
from training.evidence.examples import PRIORS, Example, Row, make_example
from training.evidence.groups import Group, load
from training.evidence.model import EvidenceModel

FROZEN = 2
LEARNING_RATE, HEAD_RATE = 8e-5, 4e-4
WARM_UP = 0.05
GROUPS_A_STEP = 8
ROWS_A_GROUP = 4
TOKENS_A_RUN = 2048
ANSWER_WEIGHT, PASSAGE_WEIGHT, ABSOLUTE_WEIGHT = 0.5, 0.3, 0.2
CHECKPOINT_EVERY = 100
LABELLED_SHARE = 0.5
LABELLED = ("squadshifts_newwiki", "qed_nq")


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=2000, help=f"optimiser steps of {GROUPS_A_STEP} groups each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sources", nargs="*", help="train on these sources only")
    parser.add_argument(
        "--labelled-share", type=float, default=LABELLED_SHARE, help="share of the labelled questions in every step"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of the training itself")
    parser.add_argument("--run", default="run", help="name of the sub-folder for the results")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    groups = [g for g in load(arguments.folder / "train.jsonl") if not arguments.sources or g.source in arguments.sources]
    held_out = list(load(arguments.folder / "held_out.jsonl"))
    train(
        groups,
        held_out,
        arguments.folder / arguments.run,
        steps=arguments.steps,
        seed=arguments.seed,
        labelled=arguments.labelled_share,
    )


def train(groups: list[Group], held_out: list[Group], folder: Path, *, steps: int, seed: int, labelled: float) -> None:
    """Train, evaluate and write everything into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    weights = load_file(embedded.model_folder() / "model.safetensors")
    model = EvidenceModel(weights, embedded.SHAPE.layers, FROZEN, PRIORS)
    heads = [*model.unit.parameters(), *model.token.parameters(), *model.passage.parameters()]
    body = [p for layer in model.layers[FROZEN:] for p in layer.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": body, "lr": LEARNING_RATE},
            {"params": heads, "lr": HEAD_RATE},
            {"params": [model.prior], "lr": 2e-3, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / (WARM_UP * steps), max(0.02, (steps - s) / ((1 - WARM_UP) * steps)))
    )
    first = 0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        first = saved["step"]
    encoder = EmbeddedEncoder()
    cache = LruVectorCache()
    log = folder / "log.csv"
    fresh = not log.exists()
    started, tokens = time.monotonic(), 0
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(["step", "loss", "tokens_per_second", "prior"])
        for step, examples in _prefetched(groups, encoder, cache, seed=seed, labelled=labelled, first=first, steps=steps):
            loss, count = step_loss(model, examples)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
            optimiser.step()
            schedule.step()
            tokens += count
            rate = tokens / (time.monotonic() - started)
            writer.writerow([step, round(loss.item(), 4), round(rate), model.prior.detach().numpy().round(2).tolist()])
            if (step + 1) % 10 == 0:
                file.flush()
                left = (steps - step - 1) * (time.monotonic() - started) / (step + 1 - first)
                print(
                    f"step {step + 1}/{steps} loss {loss.item():.3f} {rate:.0f} tokens/s {left / 60:.0f} min left",
                    flush=True,
                )
            if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps:
                torch.save(
                    {
                        "model": model.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "schedule": schedule.state_dict(),
                        "step": step + 1,
                    },
                    checkpoint,
                )
                torch.save(model.state_dict(), folder / "model.pt")
            if (step + 1) % (5 * CHECKPOINT_EVERY) == 0 or step + 1 == steps:
                report(model, [e for g in held_out if (e := make_example(g, encoder, cache))])
                plot.draw(log, folder / "loss.png")


def step_loss(model: EvidenceModel, examples: Sequence[Example]) -> tuple[Tensor, int]:
    """Mean loss of the examples, and how many tokens were read.

    Every need of a group is a softmax over all units of the group except the evidence of other needs; added to it are a
    softmax over passages, and for the tokens and for the units on their own scale binary cross-entropies.
    """
    rows = [row for example in examples for row in example.rows]
    units, passages, logits = run(model, rows)
    total = torch.zeros(())
    first_row = first_unit = 0
    for example in examples:
        count = sum(len(row.priors) for row in example.rows)
        scores = units[first_unit : first_unit + count]
        needs = torch.from_numpy(np.concatenate([row.needs for row in example.rows]))
        total = total + _choice_loss(scores, needs)
        marked = needs.any(dim=1)
        centred = scores - scores.detach().mean() - 3
        total = total + ABSOLUTE_WEIGHT * functional.binary_cross_entropy_with_logits(centred, marked.float())
        whole = torch.stack(
            [passages[first_row + i] + model.prior[1] * row.priors[0, 1].item() for i, row in enumerate(example.rows)]
        )
        helps = torch.from_numpy(np.stack([row.needs.any(axis=0) for row in example.rows]))
        total = total + PASSAGE_WEIGHT * _choice_loss(whole, helps)
        total = total + ANSWER_WEIGHT * _answer_loss(example.rows, logits[first_row : first_row + len(example.rows)])
        first_row += len(example.rows)
        first_unit += count
    return total / len(examples), sum(len(row.ids) for row in rows)


def _choice_loss(scores: Tensor, needs: Tensor) -> Tensor:
    losses = []
    for column in range(needs.shape[1]):
        wanted = needs[:, column]
        allowed = wanted | ~needs.any(dim=1)
        losses.append(torch.logsumexp(scores[allowed], 0) - torch.logsumexp(scores[wanted], 0))
    return torch.stack(losses).mean()


def _answer_loss(rows: Sequence[Row], logits: Sequence[Tensor]) -> Tensor:
    known = [(row, logit) for row, logit in zip(rows, logits, strict=True) if row.answer is not None]
    if not any(row.answer is not None and row.answer.any() for row, _ in known):
        return torch.zeros(())
    marked = torch.cat([torch.from_numpy(row.answer)[row.owners >= 0] for row, _ in known])
    flat = torch.cat([logit[torch.from_numpy(row.owners >= 0)] for row, logit in known])
    return functional.binary_cross_entropy_with_logits(flat - 2, marked.float(), pos_weight=torch.tensor(8.0))


def run(model: EvidenceModel, rows: Sequence[Row]) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Total unit scores (all units,), passage logits (rows,) and token logits of each row, in the order of `rows`."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    units: dict[int, Tensor] = {}
    passages: dict[int, Tensor] = {}
    tokens: dict[int, Tensor] = {}
    batch: list[int] = []
    for position, index in enumerate(order):
        batch.append(index)
        longest = len(rows[index].ids)
        last = position + 1 == len(order)
        if not last and (len(batch) + 1) * max(longest, len(rows[order[position + 1]].ids)) <= TOKENS_A_RUN:
            continue
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        types, mask = torch.zeros_like(ids), torch.zeros(len(batch), 1, 1, longest, dtype=torch.bool)
        owners = torch.full((len(batch), longest), -1)
        edges = [0]
        for at, member in enumerate(batch):
            row = rows[member]
            length = len(row.ids)
            ids[at, :length] = torch.from_numpy(row.ids)
            types[at, row.text_start : length] = 1
            mask[at, ..., :length] = True
            owners[at, :length] = torch.from_numpy(np.where(row.owners >= 0, row.owners + edges[-1], -1))
            edges.append(edges[-1] + len(row.priors))
        states, logits, whole = model(ids, types, mask)
        scores = model.units(states.flatten(0, 1), logits.flatten(), owners.flatten(), edges[-1])
        for at, member in enumerate(batch):
            row = rows[member]
            prior = torch.from_numpy(row.priors) @ model.prior
            units[member] = scores[edges[at] : edges[at + 1]] + whole[at] + prior
            passages[member] = whole[at]
            tokens[member] = logits[at, : len(row.ids)]
        batch = []
    return (
        torch.cat([units[i] for i in range(len(rows))]),
        torch.stack([passages[i] for i in range(len(rows))]),
        [tokens[i] for i in range(len(rows))],
    )


def _prefetched(
    groups: list[Group],
    encoder: EmbeddedEncoder,
    cache: LruVectorCache,
    *,
    seed: int,
    labelled: float,
    first: int,
    steps: int,
) -> Iterator[tuple[int, list[Example]]]:
    """The examples of each step; the next step's are made while this one is computed."""

    def prepare(step: int, batch: list[Group]) -> list[Example]:
        random = Random(f"{seed}/{step}")
        examples = (make_example(group, encoder, cache) for group in batch)
        return [Example(e.source, _hard(e.rows, random)) for e in examples if e]

    with ThreadPoolExecutor(1) as pool:
        numbered = itertools.islice(enumerate(batches(groups, seed, labelled)), first, steps)
        waiting = None
        for step, batch in numbered:
            following = (step, pool.submit(prepare, step, batch))
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting:
            yield waiting[0], waiting[1].result()


def batches(groups: list[Group], seed: int, labelled: float = LABELLED_SHARE) -> Iterator[list[Group]]:
    """The groups of each step, without end."""
    random = Random(seed)
    pools = [[g for g in groups if g.source in LABELLED], [g for g in groups if g.source not in LABELLED]]
    endless = [_endless(pool, random) for pool in pools]
    if not all(pools):
        labelled = float(bool(pools[0]))
    carried = 0.0
    while True:
        carried += labelled * GROUPS_A_STEP
        count = int(carried)
        carried -= count
        yield [next(endless[0]) for _ in range(count)] + [next(endless[1]) for _ in range(GROUPS_A_STEP - count)]


def _endless(pool: list[Group], random: Random) -> Iterator[Group]:
    while pool:
        order = pool.copy()
        random.shuffle(order)
        yield from order


def _hard(rows: list[Row], random: Random) -> list[Row]:
    """The rows with evidence, and of the others those that score best in the coarse stage and one at random."""
    wanted = [row for row in rows if row.needs.any()]
    others = [row for row in rows if not row.needs.any()]
    others.sort(key=lambda row: -float((row.priors @ np.asarray([1.0, 1.0, 0.3])).max()))
    room = max(1, ROWS_A_GROUP - len(wanted))
    chosen = others[: room - 1]
    rest = others[room - 1 :]
    return [*wanted, *chosen, *random.sample(rest, min(1, len(rest)))]


@torch.no_grad()
def report(model: EvidenceModel, examples: Sequence[Example]) -> None:
    """Print, by source, how often the best unit is evidence: by the priors alone, by the model alone, by both."""
    hits: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for example in examples:
        both, _, _ = run(model, example.rows)
        prior = torch.from_numpy(np.concatenate([row.priors for row in example.rows])) @ model.prior
        marked = torch.from_numpy(np.concatenate([row.needs.any(axis=1) for row in example.rows]))
        hits[example.source].append(
            (bool(marked[prior.argmax()]), bool(marked[(both - prior).argmax()]), bool(marked[both.argmax()]))
        )
    for source, values in sorted(hits.items()):
        print(f"{source:22} {len(values):4}  prior, model, both: {np.mean(values, axis=0).round(3)}", flush=True)


if __name__ == "__main__":
    main()
