"""Which names of models are paths, and whether they exist."""

from pathlib import Path
from typing import Any

import pytest

from promptpress_service.settings.model_paths import check_model_paths, is_path
from promptpress_service.settings.settings import Settings, SettingsError


@pytest.mark.parametrize("name", ["/models/a", "./a", "../a/b", "~/a", "a/b/c", "a/", "models/a b", ".", ".."])
def test_what_can_only_be_a_path(name: str) -> None:
    assert is_path(name)


@pytest.mark.parametrize("name", ["embedded", "early_exit", "gpt2", "intfloat/multilingual-e5-small", "Qwen/Qwen2.5-0.5B"])
def test_what_may_be_at_hugging_face(name: str) -> None:
    assert not is_path(name)


@pytest.mark.parametrize("setting", ["encoder", "causal_lm", "causal_lm_small", "rewriter_model"])
def test_a_path_that_does_not_exist_names_its_variable(setting: str, tmp_path: Path) -> None:
    there: dict[str, Any] = {setting: str(tmp_path)}
    check_model_paths(Settings(**there))
    missing: dict[str, Any] = {setting: f"{tmp_path}/none"}
    with pytest.raises(SettingsError, match=f"^PROMPTPRESS_{setting.upper()}: there is no folder {tmp_path}/none"):
        check_model_paths(Settings(**missing))


def test_the_model_of_an_endpoint_is_no_path() -> None:
    check_model_paths(Settings(rewriter_url="http://localhost:8000/v1", rewriter_model="/weights/on/another/machine"))


def test_a_tokenizer_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^PROMPTPRESS_TOKENIZERS: .*none\.json, which mine names"):
        check_model_paths(Settings(tokenizers={"mine": tmp_path / "none.json"}))
