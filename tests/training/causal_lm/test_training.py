import lzma
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.hugging_face import HuggingFaceCausalLM
from tests.conftest import PROSE
from training.causal_lm import plot, recall
from training.causal_lm.batches import Batches
from training.causal_lm.export import export
from training.causal_lm.ngrams import Trigrams
from training.causal_lm.prepare import prepare, train_tokenizer
from training.causal_lm.recipes import RECIPES
from training.causal_lm.train import losses, train

RECIPE = replace(RECIPES["smoke"], hidden=32, feed_forward=64, layers=2, batch=2, length=64, steps=4, long_share=0.25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lm")
    (root / "corpus").mkdir()
    text = "\n<|endoftext|>\n".join(PROSE.replace("1911", str(1000 + i)) for i in range(900))
    (root / "corpus" / "wikipedia.txt.xz").write_bytes(lzma.compress(text.encode()))
    prepare(root / "corpus", root / "run", 1, seed=0)
    return root / "run"


def test_any_text_comes_back_from_its_tokens() -> None:
    tokenizer = train_tokenizer([PROSE] * 3, 400)
    for text in (PROSE, "😀 你好 ﷽ \x00\r\n\t<|endoftext|>", "1234.5 e-mail@x.org"):
        encoding = tokenizer.encode(text, add_special_tokens=False)
        assert tokenizer.decode(encoding.ids) == text
        assert 0 not in encoding.ids
    assert len(tokenizer.encode("2024").ids) == 4


def test_batches_depend_on_seed_and_step_only(folder: Path) -> None:
    batches = Batches(folder, 0.5, seed=1)
    first = batches.batch(3, 4, 64)
    batches.batch(9, 4, 64)
    again = Batches(folder, 0.5, seed=1).batch(3, 4, 64)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], Batches(folder, 0.5, seed=2).batch(3, 4, 64)[0])
    ids, labels = first
    assert (ids[:, 0] == 0).all()
    known = labels[:, :-1] != -100
    assert (labels[:, :-1][known] == ids[:, 1:][known]).all()


@pytest.mark.parametrize("seed", range(8))
def test_answers_of_recall_tasks_stand_before_them(seed: int) -> None:
    random_ = random.Random(seed)

    def filler(_: random.Random, characters: int) -> str:
        return (PROSE * 4)[:characters]

    for task in (
        recall.key_values(random_, 300),
        recall.needle(random_, 300, filler),
        recall.repeated(random_, 400, filler),
    ):
        assert task.answers
        for start, end in task.answers:
            assert task.text[start:end].strip() in task.text[:start]


@pytest.mark.parametrize("length", [128, 512])
def test_rows_of_recall_hold_whole_tasks(folder: Path, length: int) -> None:
    batches = Batches(folder, 1.0, seed=3)
    for number in range(40):
        ids, wanted = recall.row(random.Random(number), batches.tokenizer, length, batches.filler)
        assert len(ids) == len(wanted) == length + 1
        starts = [*np.flatnonzero(ids == 0), length + 1]
        assert all(wanted[a:b].any() for a, b in pairwise(starts) if b - a > 1)
        assert wanted.any()


def test_trigrams_give_probabilities() -> None:
    row = np.asarray([0, 1, 2, 1, 2, 3, 1, 2, 1] * 5, dtype=np.uint16)
    model = Trigrams(row, 5)
    for order in (1, 2, 3):
        for context in ([1, 2], [2, 1], [4, 4]):
            total = sum(
                2 ** -(model.bits(np.asarray([*context, last]), order) - model.bits(np.asarray(context), order))
                for last in range(5)
            )
            assert total == pytest.approx(1)
    text = row[:20].astype(np.int64)
    assert model.bits(text, 3) < model.bits(text, 1)


def test_a_resumed_run_ends_where_a_whole_one_does(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy(name: str) -> Path:
        place = tmp_path / name
        place.mkdir()
        for file in ("tokenizer.json", "tokenizer_config.json", "train.npy", "held_out.npy"):
            (place / file).write_bytes((folder / file).read_bytes())
        return place

    monkeypatch.setattr("training.causal_lm.train.CHECKPOINT_EVERY", 2)
    whole, halves = copy("whole"), copy("halves")
    straight = train(whole, RECIPE, seed=0)

    class Stopped(Exception):
        pass

    def stop(path: Path, *state: Any) -> None:
        save(path, *state)
        raise Stopped

    from training.causal_lm import train as module

    save = module._save
    monkeypatch.setattr(module, "_save", stop)
    with pytest.raises(Stopped):
        train(halves, RECIPE, seed=0)
    monkeypatch.setattr(module, "_save", save)
    resumed = train(halves, RECIPE, seed=0)
    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    plot.draw(whole / "log.csv", whole / "loss.png")
    assert (whole / "loss.png").stat().st_size > 1000

    export(straight, whole, whole / "model")
    monkeypatch.setattr(embedded, "FOLDER", whole / "model")
    assert embedded.embedded_name().startswith("promptpress-lm/")
    shipped = HuggingFaceCausalLM(str(whole / "model"))
    (tokens,) = shipped.tokenize([PROSE])
    ids = torch.tensor([[0, *tokens.ids.tolist()]])
    with torch.inference_mode():
        full, _ = losses(straight, ids[:, :-1], ids[:, 1:], RECIPE.exit_layer)
    assert shipped.losses([tokens.ids])[0][0].mean() == pytest.approx(full.item(), abs=1e-2)
