from pathlib import Path

import numpy as np
import pytest

from promptpress import CompressionRequest, build_compressor
from promptpress.backends.encoder.embedded import EmbeddedEncoder, model_folder
from promptpress.backends.encoder.loading import load_encoder
from promptpress.errors import ModelUnavailable
from tests.conftest import PROSE


def test_a_local_model_gives_the_same_states_as_the_embedded_one() -> None:
    local, embedded = load_encoder(str(model_folder())), EmbeddedEncoder(precision="fp32")
    ids = [tokens.ids[:100] for tokens in local.tokenize([PROSE, "Short."])]
    for one, other in zip(local.states(ids), embedded.states(ids), strict=True):
        assert np.abs(one - other).max() < 1e-4


def test_compression_with_a_local_model() -> None:
    result = build_compressor(encoder=str(model_folder())).compress(
        CompressionRequest(text=PROSE, query="What was the ship called?", target_ratio=0.3)
    )
    assert "Fram" in (result.text or "")


def test_an_unreadable_model_names_the_setting() -> None:
    with pytest.raises(ModelUnavailable, match="encoder"):
        load_encoder("/no/such/folder")


def test_a_causal_model_is_refused(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=300, n_positions=64, n_embd=16, n_layer=1, n_head=1)
    transformers.GPT2Model(config).save_pretrained(tmp_path)
    with pytest.raises(ModelUnavailable, match="encoder"):
        load_encoder(str(tmp_path))
