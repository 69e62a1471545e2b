"""Any model family gives what a straight forward pass gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from promptpress.backends.causal_lm.hugging_face import HuggingFaceCausalLM
from promptpress.errors import ModelUnavailable
from tests.compressors.backends.causal_lm.tiny import FAMILIES, VOCABULARY, save

_LENGTHS = (40, 1, 23, 60)
SEQUENCES = [np.random.default_rng(i).integers(1, VOCABULARY, n) for i, n in enumerate(_LENGTHS)]


@pytest.fixture(scope="module", params=list(FAMILIES))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("model"), request.param)


def plain(folder: str) -> transformers.PreTrainedModel:
    model: transformers.PreTrainedModel = transformers.AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    model.eval()
    return model


def test_losses_are_those_of_a_forward_pass(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    for sequence, losses in zip(SEQUENCES, model.losses(SEQUENCES), strict=True):
        ids = torch.tensor([[0, *sequence.tolist()]])
        with torch.inference_mode():
            logprobs = plain(folder)(input_ids=ids).logits[0, :-1].log_softmax(-1)
        expected = -logprobs.gather(1, ids[0, 1:, None])[:, 0].numpy()
        np.testing.assert_allclose(losses[0], expected, atol=1e-4)


def test_attention_is_that_of_eager_attention(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    for rows in (1, 5):
        found = model.attention(SEQUENCES, [1, 2], [min(rows, len(each)) for each in SEQUENCES])
        for sequence, read in zip(SEQUENCES, found, strict=True):
            expected = eager(folder, sequence)[1:, :, -min(rows, len(sequence)) :, 1:].mean(2)
            np.testing.assert_allclose(read, expected, atol=1e-5)


def test_attention_received_is_that_of_eager_attention(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    found = model.attention(SEQUENCES, [2], None)
    window = getattr(transformers.AutoConfig.from_pretrained(folder), "sliding_window", None)
    types = getattr(transformers.AutoConfig.from_pretrained(folder), "layer_types", None)
    slides = types is None or types[2] == "sliding_attention"
    for sequence, read in zip(SEQUENCES, found, strict=True):
        weights = np.tril(eager(folder, sequence)[2], -1)
        later = np.arange(len(sequence), -1, -1)
        later = np.minimum(later, window - 1) if window is not None and slides else later
        np.testing.assert_allclose(read[0], (weights.sum(1) / np.maximum(later, 1))[:, 1:], atol=1e-5)


def eager(folder: str, sequence: np.ndarray) -> np.ndarray:
    """All weights (layers, heads, rows, columns) of one sequence behind the start token."""
    with torch.inference_mode():
        output = plain(folder)(input_ids=torch.tensor([[0, *sequence.tolist()]]), output_attentions=True)
    return torch.cat(output.attentions).numpy()


def test_batched_equals_single(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    rows = [1] * len(SEQUENCES)
    together = model.losses(SEQUENCES), model.attention(SEQUENCES, [1], rows)
    for index, sequence in enumerate(SEQUENCES):
        np.testing.assert_allclose(together[0][index], model.losses([sequence])[0], atol=1e-5)
        np.testing.assert_allclose(together[1][index], model.attention([sequence], [1], [1])[0], atol=1e-5)


def test_a_truncated_run_reads_what_the_full_run_reads(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    ran: list[int] = []
    base = model._model.base_model
    layers = base.layers if hasattr(base, "layers") else base.h
    hooks = [layer.register_forward_hook(lambda *_, i=i: ran.append(i)) for i, layer in enumerate(layers)]
    short = model.attention(SEQUENCES, [1], [1] * len(SEQUENCES))
    assert set(ran) == {0}, "of layer 1 nothing after its attention may run, and of layer 2 nothing at all"
    for hook in hooks:
        hook.remove()
    for one, both in zip(short, model.attention(SEQUENCES, [1, 2], [1] * len(SEQUENCES)), strict=True):
        np.testing.assert_array_equal(one[0], both[0])


def test_an_early_exit_is_the_head_on_that_layers_state(folder: str) -> None:
    model = HuggingFaceCausalLM(folder)
    early, full = model.losses([SEQUENCES[0]], exits=(1, None))[0]
    np.testing.assert_allclose(full, model.losses([SEQUENCES[0]])[0][0], atol=1e-6)
    assert not np.allclose(early, full)
    whole = plain(folder)
    ids = torch.tensor([[0, *SEQUENCES[0].tolist()]])
    with torch.inference_mode():
        state = whole.base_model(input_ids=ids, output_hidden_states=True).hidden_states[1]
        base: Any = whole.base_model
        logits = whole.get_output_embeddings()((base.norm if hasattr(base, "norm") else base.ln_f)(state))[0, :-1]
        cap = getattr(whole.config, "final_logit_softcapping", None)
        logits = torch.tanh(logits / cap) * cap if cap else logits
        expected = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").numpy()
    np.testing.assert_allclose(early, expected, atol=1e-4)


def test_windows_equal_the_whole_where_a_window_covers_it(tmp_path: Path) -> None:
    folder = save(tmp_path)
    whole, narrow = HuggingFaceCausalLM(folder), HuggingFaceCausalLM(folder, window=33)
    long = np.random.default_rng(9).integers(1, VOCABULARY, 100)
    cut, expected = narrow.losses([long])[0][0], whole.losses([long])[0][0]
    np.testing.assert_allclose(cut[:32], expected[:32], atol=1e-4)
    second = whole.losses([long[28:60]])[0][0]
    np.testing.assert_allclose(cut[32:60], second[4:], atol=1e-4)
    assert len(cut) == 100
    assert np.isfinite(cut).all()


def test_special_tokens_in_a_text_are_text(tmp_path: Path) -> None:
    model = HuggingFaceCausalLM(save(tmp_path))
    text = "a<|endoftext|>b 😀 你好"
    (tokens,) = model.tokenize([text])
    assert 0 not in tokens.ids
    assert tokens.starts[0] == 0
    assert tokens.ends[-1] == len(text)
    covered = {i for start, end in zip(tokens.starts, tokens.ends, strict=True) for i in range(start, end)}
    assert covered == set(range(len(text)))


def test_fifty_thousand_times_the_same_token(tmp_path: Path) -> None:
    model = HuggingFaceCausalLM(save(tmp_path))
    (losses,) = model.losses([np.full(50_000, 7)])
    assert losses.shape == (1, 50_000)
    assert np.isfinite(losses).all()


def test_nothing_to_read(tmp_path: Path) -> None:
    model = HuggingFaceCausalLM(save(tmp_path))
    assert model.losses([]) == []
    assert model.losses([np.empty(0, dtype=np.int64)])[0].shape == (1, 0)


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="causal_lm"):
        HuggingFaceCausalLM(str(tmp_path))
    transformers.BertConfig(hidden_size=8, num_attention_heads=1, intermediate_size=8).save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelUnavailable, match=r"causal_lm_small.*bert model, not a causal"):
        HuggingFaceCausalLM(str(tmp_path / "bert"), setting="causal_lm_small")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        HuggingFaceCausalLM(str(tmp_path / "broken"))
    folder = Path(save(tmp_path / "no_weights"))
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        HuggingFaceCausalLM(str(folder))
    folder = Path(save(tmp_path / "no_tokenizer"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match="causal_lm"):
        HuggingFaceCausalLM(str(folder))
