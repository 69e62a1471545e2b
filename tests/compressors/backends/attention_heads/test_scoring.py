"""EHPC's scores against eager attention, and what windows, titles and sinks do to them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from promptpress.backends.attention_heads.causal import CausalEvaluator
from promptpress.backends.attention_heads.encoder import EncoderEvaluator
from promptpress.backends.attention_heads.head_search import choose, evidence_mass, try_heads
from promptpress.backends.attention_heads.probes import make_probes
from promptpress.backends.attention_heads.profile import HeadProfile, out_of_range, published, read_profile
from promptpress.backends.attention_heads.scoring import pool_average, token_scores
from promptpress.backends.causal_lm.hugging_face import HuggingFaceCausalLM
from promptpress.backends.encoder.embedded import CLS, SEP, model_folder
from promptpress.content import segment
from promptpress.errors import ModelUnavailable
from tests.compressors.backends.causal_lm.tiny import FAMILIES, save
from tests.conftest import PROSE

QUERY = "Which ship did he use?"
PROFILE = HeadProfile(1, (3, 0), window=5, kernel=3)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "mistral", "gemma", "gpt2"])
def test_scores_are_those_of_eager_attention(tmp_path: Path, family: str) -> None:
    assert family in FAMILIES
    folder = save(tmp_path, family)
    evaluator = CausalEvaluator(HuggingFaceCausalLM(folder), PROFILE)
    text = PROSE[:200]
    (tokens,), (scores,) = token_scores(evaluator, PROFILE, [segment(text)], QUERY, "lift")
    ids = [0, *tokens.ids.tolist(), *evaluator.question(QUERY).tolist()]
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    with torch.inference_mode():
        weights = plain.eval()(input_ids=torch.tensor([ids]), output_attentions=True).attentions[1][0]
    n = len(tokens.ids)
    raw = weights[[3, 0], -5:, 1 : n + 1].mean(dim=1).sum(dim=0).numpy()
    (looked,) = evaluator.attention_to_context([tokens.ids], evaluator.question(QUERY), PROFILE)
    np.testing.assert_allclose(looked, raw, atol=1e-5)
    raw[:3] = raw[3]
    expected = np.asarray([raw[max(0, i - 1) : i + 2].mean() for i in range(n)]) * n
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-4)


def test_the_encoders_scores_are_those_of_eager_attention() -> None:
    evaluator = EncoderEvaluator()
    (tokens,), question = evaluator.tokenize([PROSE[:300]]), evaluator.question(QUERY)
    (looked,) = evaluator.attention_to_context([tokens.ids], question, evaluator.profile)
    model = transformers.BertModel.from_pretrained(model_folder(), attn_implementation="eager")
    ids = torch.tensor([[CLS, *question.tolist(), SEP, *tokens.ids.tolist(), SEP]])
    front = len(question) + 2
    segments = (torch.arange(ids.shape[1]) >= front).long()[None]
    with torch.inference_mode():
        weights = model.eval()(input_ids=ids, token_type_ids=segments, output_attentions=True).attentions[2][0, 9]
    np.testing.assert_allclose(looked, weights[1 : front - 1, front:-1].mean(dim=0).numpy(), atol=1e-5)


@pytest.mark.parametrize("kernel", [1, 2, 3, 32])
def test_pooling_keeps_the_length_and_a_flat_line(kernel: int) -> None:
    assert np.allclose(pool_average(np.ones(20, dtype=np.float32), kernel), 1)
    peak = np.zeros(9, dtype=np.float32)
    peak[4] = 1
    pooled = pool_average(peak, kernel)
    assert len(pooled) == 9
    assert pooled[4] == pooled.max()


@dataclass
class Recording(CausalEvaluator):
    """A real evaluator that remembers what it was asked."""

    model: HuggingFaceCausalLM
    contexts: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.model, PROFILE)

    def attention_to_context(self, contexts, question, profile):  # type: ignore[no-untyped-def]
        self.contexts += contexts
        return super().attention_to_context(contexts, question, profile)


def test_short_passages_share_a_window_and_long_ones_have_several(tmp_path: Path) -> None:
    model = HuggingFaceCausalLM(save(tmp_path), window=300)
    evaluator = Recording(model)
    passages = [segment("Short one.", "First"), segment("Another.", "Second")]
    tokens, scores = token_scores(evaluator, PROFILE, passages, QUERY)
    assert len(evaluator.contexts) == 1
    assert [len(each) for each in scores] == [len(each.ids) for each in tokens]
    evaluator.contexts.clear()
    (long,), (long_scores,) = token_scores(evaluator, PROFILE, [segment(PROSE * 3)], QUERY)
    assert len(evaluator.contexts) > 3
    assert sum(map(len, evaluator.contexts)) == len(long.ids) == len(long_scores)
    assert (long_scores > 0).all()
    assert all(len(each) <= evaluator.context_budget(evaluator.question(QUERY)) for each in evaluator.contexts)


def test_without_a_query_the_end_asks_and_stays(tmp_path: Path) -> None:
    evaluator = Recording(HuggingFaceCausalLM(save(tmp_path)))
    (tokens,), (scores,) = token_scores(evaluator, PROFILE, [segment(PROSE[:150])], None)
    assert len(evaluator.contexts[0]) == len(tokens.ids) - PROFILE.window
    assert (scores[-PROFILE.window :] == scores.max()).all()
    (_,), (alone,) = token_scores(evaluator, PROFILE, [segment("a")], None)
    assert alone.tolist() == [0.0]


def test_share_makes_windows_equal(tmp_path: Path) -> None:
    evaluator = CausalEvaluator(HuggingFaceCausalLM(save(tmp_path), window=200), PROFILE)
    profile = HeadProfile(1, (0,), 5, 1)
    (_,), (scores,) = token_scores(evaluator, profile, [segment(PROSE)], QUERY, "share")
    room = evaluator.context_budget(evaluator.question(QUERY))
    for at in range(0, len(scores) - room, room):
        assert scores[at : at + room].mean() == pytest.approx(1, rel=1e-3)


def test_published_heads_are_found_by_name() -> None:
    for name in ("meta-llama/Llama-3.1-8B-Instruct", "/models/Meta-Llama-3.1-8B-Instruct"):
        profile = published(name)
        assert profile is not None
        assert (profile.layer, profile.heads) == (13, (18, 13, 21, 8, 11, 1, 4, 3))
    assert published("microsoft/Phi-3.5-mini-instruct") == HeadProfile(17, (7, 17, 30, 2, 6, 16, 25, 18), 4, 32)
    assert published("gpt2") is None


def test_heads_that_are_out_of_range_are_named(tmp_path: Path) -> None:
    assert "layers 0 to 2" in (out_of_range(HeadProfile(3, (0,), 1, 1), 3, 4) or "")
    assert "head 4" in (out_of_range(HeadProfile(2, (0, 4), 1, 1), 3, 4) or "")
    assert out_of_range(HeadProfile(2, (0, 3), 1, 1), 3, 4) is None
    with pytest.raises(ModelUnavailable, match="evaluator_heads: head 9"):
        CausalEvaluator(HuggingFaceCausalLM(save(tmp_path)), HeadProfile(0, (9,), 1, 1))


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not JSON"), ("{}", "layer"), ('{"layer": 1, "heads": []}', "heads"), (None, "cannot read")],
)
def test_a_file_of_heads_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "heads.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelUnavailable, match=f"evaluator_heads.*{message}"):
        read_profile(path)


def test_probes_hold_their_evidence_at_every_depth() -> None:
    for haystack in (None, PROSE):
        probes = make_probes(10, 1500, 3, haystack)
        assert probes == make_probes(10, 1500, 3, haystack)
        assert probes != make_probes(10, 1500, 4, haystack)
        depths = [probe.evidence[0] / len(probe.text) for probe in probes]
        assert depths == sorted(depths)
        assert depths[0] < 0.15
        assert depths[-1] > 0.8
        for probe in probes:
            assert probe.text[slice(*probe.evidence)].endswith(".")
            assert probe.question.endswith("?")
    with pytest.raises(ValueError, match="no text"):
        make_probes(1, 100, 0, " \n ")


def test_the_search_finds_the_layer_and_heads_with_most_evidence(tmp_path: Path) -> None:
    mass = np.full((3, 8), 0.1)
    mass[1, [2, 5]] = 0.9
    assert choose(mass, 2) == (1, (2, 5))
    assert len(choose(mass, 8)[1]) == 4
    model = HuggingFaceCausalLM(save(tmp_path))
    probes = make_probes(4, 120, 0)
    seen: list[int] = []
    found = evidence_mass(model, probes, lambda: seen.append(1))
    assert found.shape == (3, 4)
    assert len(seen) == 4
    assert ((found > 0) & (found < 1)).all()
    result = try_heads(model, HeadProfile(1, (0, 1), 4, 4), probes)
    assert 0 < result.lift < 4
    assert not result.accepted
    with pytest.raises(ValueError, match="window has room"):
        evidence_mass(model, make_probes(1, 5000, 0))
