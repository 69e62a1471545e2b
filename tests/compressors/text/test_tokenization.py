from pathlib import Path

import pytest

from promptpress.backends.encoder.embedded import model_folder
from promptpress.errors import InvalidValue, ModelUnavailable
from promptpress.text.tokenization import TOKENIZERS, counter_for, register_tokenizer


@pytest.mark.parametrize(
    ("model", "tokenizer", "exact"),
    [
        ("gpt-4o", "o200k_base", True),
        ("gpt-4o-mini-2024-07-18", "o200k_base", True),
        ("openai/gpt-5-mini", "o200k_base", True),
        ("o3", "o200k_base", True),
        ("o4-mini", "o200k_base", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("gpt-3.5-turbo", "cl100k_base", True),
        ("gpt-oss-120b", "gpt-oss", True),
        ("claude-sonnet-4-5", "o200k_base", False),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "o200k_base", False),
        ("gemini/gemini-2.5-flash", "gemma3", False),
        ("llama-3.1-8b-instruct", "llama3", True),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3", True),
        ("llama3.1:8b", "llama3", True),
        ("codellama-7b", "codellama", True),
        ("Qwen/Qwen3-8B", "qwen3", True),
        ("qwen2.5-72b-instruct", "qwen3", True),
        ("deepseek-ai/DeepSeek-V3", "deepseek_v3", True),
        ("deepseek-r1-distill-llama-70b", "llama3", True),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral_v2", True),
        ("mistral-nemo", "mistral_v3", True),
        ("gemma-2-9b-it", "gemma2", True),
        ("google/gemma-3-27b-it", "gemma3", True),
        ("phi-4", "phi4", True),
        ("openrouter/openai/gpt-4.1", "o200k_base", True),
    ],
)
def test_models_by_the_names_people_use(model: str, tokenizer: str, exact: bool) -> None:
    counter = counter_for(model)
    assert (counter.name, counter.exact, counter.warning) == (tokenizer, exact, None)


def test_an_unknown_model_is_an_estimate_with_a_warning() -> None:
    counter = counter_for("my-own-model")
    assert (counter.name, counter.exact) == ("o200k_base", False)
    assert "my-own-model" in (counter.warning or "")


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_tokenizer_counts_without_adding_tokens(name: str) -> None:
    counter = counter_for(tokenizer=name)
    assert counter.count("") == 0
    assert 2 <= counter.count("Hello world") <= 4


def test_special_tokens_in_text_are_text() -> None:
    assert counter_for().count("<|endoftext|>") == 7


def test_known_counts() -> None:
    assert counter_for("gpt-4o").count("tiktoken is great!") == 6
    assert counter_for("gpt-4").count("tiktoken is great!") == 6


def test_unknown_tokenizer_names_the_known_ones() -> None:
    with pytest.raises(InvalidValue, match="o200k_base") as caught:
        counter_for(tokenizer="nope")
    assert caught.value.field == "tokenizer"


def test_a_local_tokenizer_file(tmp_path: Path) -> None:
    register_tokenizer("minilm", model_folder() / "tokenizer.json")
    assert counter_for(tokenizer="minilm").count("hello world") >= 2
    with pytest.raises(ModelUnavailable, match="missing"):
        register_tokenizer("missing", tmp_path / "missing.json")
