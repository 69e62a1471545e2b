"""Train the embedded causal language model: read the corpus, train, evaluate, and write the folder that the package loads.

    python -m training.causal_lm.train ../shared/data build/causal_lm --recipe cpu --threads 2

Resumes from the last checkpoint in the folder if there is one. Writes `log.csv`, `loss.png`, `checkpoint.pt`,
`evaluation.json` and the model's folder `model/`; copy that to `compressors/promptpress/backends/causal_lm/model/` to ship
it.
"""

import argparse
import csv
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from training.causal_lm import evaluate, plot
from training.causal_lm.batches import Batches
from training.causal_lm.export import export
from training.causal_lm.prepare import prepare
from training.causal_lm.recipes import CONTEXT, RECIPES, VOCABULARY, Recipe

WARM_UP = 0.03
CHECKPOINT_EVERY = 200
_LAST_RATE = 0.05
_MUON_RATE = 2.5
"""Of AdamW's rate."""
_EXIT_POSITIONS = 4
"""The early exit is trained on one of so many positions: its head costs as much as the other."""


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with corpus/*.txt.xz and public/lm_eval.jsonl.gz")
    parser.add_argument("folder", type=Path, help="where everything is written")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="cpu")
    parser.add_argument("--steps", type=int, help="optimiser steps; default: the recipe's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--megabytes", type=int, help="text read from the corpus; default: the recipe's")
    parser.add_argument("--no-evaluation", action="store_true", help="train and export only")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = RECIPES[arguments.recipe]
    recipe = replace(recipe, steps=arguments.steps or recipe.steps, megabytes=arguments.megabytes or recipe.megabytes)
    prepare(arguments.data / "corpus", arguments.folder, recipe.megabytes, arguments.seed)
    model = train(arguments.folder, recipe, arguments.seed)
    plot.draw(arguments.folder / "log.csv", arguments.folder / "loss.png")
    export(model, arguments.folder, arguments.folder / "model")
    if not arguments.no_evaluation:
        evaluate.run(arguments.folder, arguments.data / "public" / "lm_eval.jsonl.gz", recipe.exit_layer)


def build(recipe: Recipe) -> Any:
    """A model with fresh weights. Llama's layout, so that any Hugging Face loader reads it."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=recipe.hidden,
            intermediate_size=recipe.feed_forward,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.key_heads,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.02,
        )
    )


def train(folder: Path, recipe: Recipe, seed: int) -> Any:
    """Train from where the folder's checkpoint stands, or from nothing; returns the model."""
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = build(recipe).to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters on {device}", flush=True)
    optimisers = build_optimisers(model, recipe)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, recipe.steps)) for optimiser in optimisers
    ]
    checkpoint, first = folder / "checkpoint.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(saved["model"])
        for optimiser, schedule, state in zip(optimisers, schedules, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
        first = saved["step"]
        torch.set_rng_state(saved["random"].cpu())
    batches = Batches(folder, recipe.recall_share, seed)
    held_out = np.load(folder / "held_out.npy")
    started, tokens = time.monotonic(), 0
    model.train()
    log = folder / "log.csv"
    done = [row for row in csv.reader(log.open(newline="")) if row[0].isdigit() and int(row[0]) < first] if first else []
    with log.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["step", "loss", "exit_loss", "held_out", "tokens_per_second"], *done])
        for step in range(first, recipe.steps):
            long = step >= recipe.steps * (1 - recipe.long_share)
            length = max(recipe.length, CONTEXT) if long else recipe.length
            rows = max(1, recipe.batch * recipe.length // length)
            ids, labels = (torch.from_numpy(each).to(device) for each in batches.batch(step, rows, length))
            with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                loss, early = losses(model, ids, labels, recipe.exit_layer)
            model.zero_grad(set_to_none=True)
            torch.autograd.backward(loss + recipe.exit_weight * early)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimiser, schedule in zip(optimisers, schedules, strict=True):
                optimiser.step()
                schedule.step()
            tokens += ids.numel()
            rate = tokens / (time.monotonic() - started)
            last = step + 1 == recipe.steps
            checked = _held_out_loss(model, held_out, recipe) if last or (step + 1) % CHECKPOINT_EVERY == 0 else None
            writer.writerow([step, round(loss.item(), 4), round(early.item(), 4), checked or "", round(rate)])
            if (step + 1) % 10 == 0 or last:
                file.flush()
                left = (recipe.steps - step - 1) * (time.monotonic() - started) / (step + 1 - first) / 60
                shown = f" held out {checked:.3f}" if checked else ""
                print(
                    f"step {step + 1}/{recipe.steps} loss {loss.item():.3f} early {early.item():.3f}{shown} "
                    f"{rate:.0f} tokens/s {left:.0f} min left",
                    flush=True,
                )
            if checked is not None:
                _save(checkpoint, model, optimisers, schedules, step + 1)
    return model.eval().cpu()


def build_optimisers(model: Any, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024; torch's own) for the matrices between the layers, which learns from fewer tokens than AdamW;
    AdamW for the embeddings and what is not a matrix. Muon's steps are scaled to the size of AdamW's (Liu et al. 2025)."""
    hidden = [p for p in model.model.layers.parameters() if p.dim() == 2]
    of_layers = {id(p) for p in hidden}
    others = [p for p in model.parameters() if id(p) not in of_layers]
    return [
        torch.optim.Muon(hidden, lr=_MUON_RATE * recipe.rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def losses(model: Any, ids: torch.Tensor, labels: torch.Tensor, exit_layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy after all layers, and after the first `exit_layer` on a sample of positions; in nats."""
    output = model.model(input_ids=ids, use_cache=False, output_hidden_states=True)
    wanted = (labels != -100).flatten()
    flat = labels.flatten()[wanted]
    logits = model.lm_head(output.last_hidden_state.flatten(0, 1)[wanted])
    sample = torch.randperm(len(flat), device=flat.device)[: max(1, len(flat) // _EXIT_POSITIONS)]
    states = output.hidden_states[exit_layer].flatten(0, 1)[wanted][sample]
    early = model.lm_head(model.model.norm(states))
    return _mean_loss(logits, flat), _mean_loss(early, flat[sample])


def _mean_loss(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (one number); 0 where nothing is to be predicted, where a mean would not be a number."""
    return functional.cross_entropy(logits.float(), wanted, reduction="sum") / max(1, len(wanted))


def _rate(step: int, steps: int) -> float:
    warm_up = max(1.0, WARM_UP * steps)
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1.0, steps - warm_up)
    return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


@torch.no_grad()
def _held_out_loss(model: Any, row: np.ndarray, recipe: Recipe) -> float:
    device = model.lm_head.weight.device
    pieces = [row[at : at + recipe.length + 1] for at in range(0, min(len(row), 40 * recipe.length), recipe.length)]
    pieces = [piece for piece in pieces if len(piece) == recipe.length + 1]
    model.eval()
    total = 0.0
    for piece in pieces:
        ids = torch.from_numpy(piece.astype(np.int64)).to(device)[None]
        total += functional.cross_entropy(model(input_ids=ids[:, :-1]).logits[0].float(), ids[0, 1:]).item()
    model.train()
    return round(total / max(1, len(pieces)), 4)


def _save(path: Path, model: Any, optimisers: list[Any], schedules: list[Any], step: int) -> None:
    """Write beside and rename, so that a run that is stopped while it writes keeps its last checkpoint."""
    beside = path.with_suffix(".part")
    states = [
        {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
        for optimiser, schedule in zip(optimisers, schedules, strict=True)
    ]
    torch.save({"model": model.state_dict(), "optimisers": states, "step": step, "random": torch.get_rng_state()}, beside)
    beside.replace(path)


if __name__ == "__main__":
    main()
