from pathlib import Path

import pytest

from promptpress import CompressionRequest, build_compressor
from promptpress.backends.causal_lm import embedded
from promptpress.errors import ModelUnavailable
from tests.compressors.backends.causal_lm.tiny import save
from tests.conftest import PROSE

FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that holds a model, as far as the loader can see."""
    folder = Path(save(tmp_path / "model"))
    embedded.write_digests(folder, FILES)
    monkeypatch.setattr(embedded, "FOLDER", folder)
    return folder


def test_a_model_in_its_folder_is_the_default(shipped: Path) -> None:
    result = build_compressor().compress(CompressionRequest(text=PROSE, method="selective_context", target_ratio=0.5))
    assert result.models == [embedded.embedded_name()]
    assert result.models[0].startswith("promptpress-lm/")


def test_its_heads_are_found_beside_it(shipped: Path) -> None:
    request = CompressionRequest(text=PROSE, query="When?", method="ehpc", target_ratio=0.5)
    assert build_compressor().compress(request).method_details["evaluator"].startswith("all-MiniLM")
    (shipped / "heads.json").write_text('{"layer": 1, "heads": [2], "window": 4, "kernel": 4}')
    details = build_compressor().compress(request).method_details
    assert (details["evaluator"], details["layer"], details["heads"]) == (embedded.embedded_name(), 1, [2])


def test_a_changed_file_is_refused(shipped: Path) -> None:
    (shipped / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=r"config\.json is not the file"):
        embedded.embedded_name()


def test_files_without_digests_are_no_model(shipped: Path) -> None:
    (shipped / "sha256").unlink()
    assert not embedded.is_present()
