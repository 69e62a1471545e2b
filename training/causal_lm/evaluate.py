"""Evaluate a trained model: bits per byte by domain beside simpler models, and recall by distance.

python -m training.causal_lm.evaluate build/causal_lm ../shared/data/public/lm_eval.jsonl.gz
"""

import argparse
import gzip
import json
import lzma
import math
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaForCausalLM

from promptpress.backends.causal_lm.hugging_face import HuggingFaceCausalLM
from training.causal_lm import recall
from training.causal_lm.batches import Batches
from training.causal_lm.ngrams import Trigrams
from training.causal_lm.recipes import CONTEXT, VOCABULARY

DISTANCES = (64, 128, 256, 512, 1024, 1800)
_PROBES = 50


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--exit-layer", type=int, default=2)
    arguments = parser.parse_args()
    run(arguments.folder, arguments.texts, arguments.exit_layer)


def run(folder: Path, texts: Path, exit_layer: int) -> dict[str, Any]:
    """Evaluate the model in `folder`/model, print the tables and write them to `folder`/evaluation.json."""
    found = {"bits_per_byte": bits_per_byte(folder, texts, exit_layer), "recall": recall_by_distance(folder)}
    (folder / "evaluation.json").write_text(json.dumps(found, indent=1) + "\n")
    print("| domain | model | early exit | trigram | unigram | xz |\n|---|---|---|---|---|---|")
    for domain, row in found["bits_per_byte"].items():
        print(
            f"| {domain} | "
            + " | ".join(f"{row[name]:.2f}" for name in ("model", "exit", "trigram", "unigram", "xz"))
            + " |"
        )
    print("\n| task | " + " | ".join(f"{distance} tokens" for distance in DISTANCES) + " |\n|---|" + "---|" * len(DISTANCES))
    for task, row in found["recall"].items():
        print(f"| {task} | " + " | ".join(f"{row[str(distance)]:.2f}" for distance in DISTANCES) + " |")
    return found


def bits_per_byte(folder: Path, texts: Path, exit_layer: int) -> dict[str, dict[str, float]]:
    """By domain: the model after all layers and at its early exit, n-grams of its training text, and xz over the domain."""
    by_domain: dict[str, list[str]] = defaultdict(list)
    with gzip.open(texts, "rt") as file:
        for line in file:
            item = json.loads(line)
            by_domain[item["domain"]].append(item["text"])
    model = HuggingFaceCausalLM(str(folder / "model"))
    ngrams = Trigrams(np.load(folder / "train.npy"), VOCABULARY)
    table = {}
    for domain, items in sorted(by_domain.items()):
        size = sum(len(text.encode()) for text in items)
        tokens = [each.ids for each in model.tokenize(items)]
        losses = model.losses(tokens, exits=(None, exit_layer))
        bits = np.sum([read.sum(axis=1, dtype=np.float64) for read in losses], axis=0) / math.log(2)
        table[domain] = {
            "model": bits[0] / size,
            "exit": bits[1] / size,
            "trigram": sum(ngrams.bits(ids, 3) for ids in tokens) / size,
            "unigram": sum(ngrams.bits(ids, 1) for ids in tokens) / size,
            "xz": 8 * len(lzma.compress("\n".join(items).encode(), preset=9)) / size,
        }
    return {domain: {name: round(value, 4) for name, value in row.items()} for domain, row in table.items()}


def recall_by_distance(folder: Path) -> dict[str, dict[str, float]]:
    """Share of answers whose every token is the model's first choice, by the tokens between the evidence and the answer."""
    model = LlamaForCausalLM.from_pretrained(folder / "model", dtype=torch.float32).train(False)
    batches = Batches(folder, 0, 0)
    table: dict[str, dict[str, float]] = {"key-value": {}, "needle": {}}
    for distance in DISTANCES:
        for task in table:
            random_ = random.Random(f"{task}/{distance}")
            right = sum(_recalls(model, batches, task, distance, random_) for _ in range(_PROBES))
            table[task][str(distance)] = round(right / _PROBES, 3)
    return table


def _recalls(model: Any, batches: Batches, task: str, distance: int, random_: random.Random) -> bool:
    """One probe: the evidence, text of `distance` tokens after it, and what must be recalled."""
    tokenizer = batches.tokenizer
    if task == "key-value":
        evidence, asked, answer = recall.fact(random_)
        between = "".join(recall.fact(random_)[0] for _ in range(distance))
    else:
        evidence, asked, answer = recall.question(random_)
        between = batches.filler(random_, 8 * distance)
    middle = tokenizer.encode(between, add_special_tokens=False).ids[:distance]
    question = tokenizer.encode(f"\n{asked}", add_special_tokens=False).ids
    wanted = tokenizer.encode(answer, add_special_tokens=False).ids
    ids = [0, *tokenizer.encode(evidence, add_special_tokens=False).ids, *middle, *question, *wanted][-CONTEXT:]
    with torch.inference_mode():
        best = model(input_ids=torch.tensor([ids])).logits[0, -len(wanted) - 1 : -1].argmax(dim=-1)
    return bool(best.tolist() == wanted)


if __name__ == "__main__":
    main()
