from pathlib import Path

import pytest

from promptpress.backends.encoder.embedded import model_folder
from promptpress.errors import InvalidValue, ModelUnavailable
from promptpress.text.tokenization import TOKENIZERS, count_tokens, counter_for, register_tokenizer


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
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "o200k_base", False),
        ("Llama-4-Maverick-17B-128E-Instruct-FP8", "o200k_base", False),
        ("us.meta.llama4-scout-17b-instruct-v1:0", "o200k_base", False),
        ("llama4:scout", "o200k_base", False),
        ("mistralai/Codestral-22B-v0.1", "mistral_v2", True),
        ("codestral:22b", "mistral_v2", True),
        ("codestral-2405", "mistral_v2", True),
        ("codestral", "mistral_v3", False),
        ("mistral/codestral-latest", "mistral_v3", False),
    ],
)
def test_models_by_the_names_people_use(model: str, tokenizer: str, exact: bool) -> None:
    counter = counter_for(model)
    assert (counter.name, counter.exact, counter.warning) == (tokenizer, exact, None)


def test_an_unknown_model_is_an_estimate_with_a_warning() -> None:
    counter = counter_for("my-own-model")
    assert (counter.name, counter.exact) == ("o200k_base", False)
    assert "my-own-model" in (counter.warning or "")


@pytest.mark.parametrize(
    ("deployment", "tokenizer"),
    [
        ("prod-gpt-4-eu", "cl100k_base"),
        ("my_llama-3-70b", "llama3"),
        ("team/chat.qwen2.5", "qwen3"),
        ("our-assistant", "o200k_base"),
        ("-", "o200k_base"),
    ],
)
def test_a_deployment_is_counted_as_the_model_it_is_named_after_and_the_warning_tells_so(
    deployment: str, tokenizer: str
) -> None:
    counter = counter_for(deployment)
    assert (counter.name, counter.exact) == (tokenizer, False)
    assert f"{deployment!r} is not known: tokens are counted with {tokenizer};" in (counter.warning or "")


def test_count_tokens_is_the_count_of_the_counter() -> None:
    assert count_tokens("tiktoken is great!") == count_tokens("tiktoken is great!", "gpt-4") == 6
    assert count_tokens("Hello world", "gpt-4", "llama2") == counter_for(tokenizer="llama2").count("Hello world")


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
