from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from promptpress.backends.encoder import embedded
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from training.evidence.examples import PRIORS, make_example
from training.evidence.groups import Group, load, save
from training.evidence.model import EvidenceModel
from training.evidence.train import run, step_loss

GROUP = Group(
    "test",
    "When was the lighthouse of Skagen built?",
    [
        ("Skagen", "Skagen is a town in Denmark. Its lighthouse was built in 1858 by Niels Singels. It is 46 metres tall."),
        ("Ribe", "Ribe is the oldest town of Denmark. Its cathedral was begun in 1150."),
    ],
    [[(0, 29, 76)]],
    [(0, 57, 61)],
)


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


@pytest.fixture(scope="module")
def model() -> EvidenceModel:
    torch.manual_seed(0)
    return EvidenceModel(load_file(embedded.model_folder() / "model.safetensors"), 6, 2, PRIORS)


def test_groups_survive_a_file(tmp_path: Path) -> None:
    assert save([GROUP, GROUP], tmp_path / "groups.jsonl") == 2
    assert list(load(tmp_path / "groups.jsonl")) == [GROUP, GROUP]


def test_the_evidence_and_the_answer_are_marked(encoder: EmbeddedEncoder) -> None:
    example = make_example(GROUP, encoder, LruVectorCache())
    assert example is not None
    first, second = example.rows
    assert first.needs.tolist() == [[False], [True], [False]]
    assert not second.needs.any()
    assert first.answer is not None
    (answer,) = encoder.tokenize(["1858"])
    assert first.ids[first.answer].tolist() == answer.ids.tolist()
    assert first.owners.max() == 2
    assert first.priors.shape == (3, PRIORS)


def test_evidence_outside_every_unit_makes_no_example(encoder: EmbeddedEncoder) -> None:
    lost = Group("test", GROUP.query, GROUP.documents, [[(0, 5000, 5010)]], [])
    assert make_example(lost, encoder, LruVectorCache()) is None


def test_a_row_scores_the_same_alone_and_padded(encoder: EmbeddedEncoder, model: EvidenceModel) -> None:
    example = make_example(GROUP, encoder, LruVectorCache())
    assert example is not None
    with torch.no_grad():
        together, _, _ = run(model, example.rows)
        apart = torch.cat([run(model, [row])[0] for row in example.rows])
    assert np.allclose(together, apart, atol=1e-4)


def test_steps_lower_the_loss(encoder: EmbeddedEncoder, model: EvidenceModel) -> None:
    example = make_example(GROUP, encoder, LruVectorCache())
    assert example is not None
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    losses = []
    for _ in range(8):
        loss, count = step_loss(model, [example])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(loss.item())
    assert count == sum(len(row.ids) for row in example.rows)
    assert losses[-1] < 0.8 * losses[0]
