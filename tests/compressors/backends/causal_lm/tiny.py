"""Tiny untrained models of each family, made from their configurations; nothing is downloaded."""

from pathlib import Path
from typing import Any

import torch
import transformers

VOCABULARY = 300
_COMMON: dict[str, Any] = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0}
_SIZES: dict[str, Any] = {
    **_COMMON,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
}
FAMILIES: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**_SIZES),
    "qwen2": lambda: transformers.Qwen2Config(**_SIZES),
    "qwen3": lambda: transformers.Qwen3Config(**_SIZES),
    "mistral": lambda: transformers.MistralConfig(**_SIZES, sliding_window=16),
    "gemma": lambda: transformers.GemmaConfig(**_SIZES),
    "gemma2": lambda: transformers.Gemma2Config(**_SIZES, sliding_window=16),
    "phi3": lambda: transformers.Phi3Config(**_SIZES, pad_token_id=0),
    "gpt2": lambda: transformers.GPT2Config(**_COMMON, n_embd=32, n_layer=3, n_head=4, n_positions=512),
}


def save(folder: Path, family: str = "llama", seed: int = 0) -> str:
    """Write a model and a byte-level tokenizer; returns the folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    torch.manual_seed(seed)
    config = FAMILIES[family]()
    model = transformers.AutoModelForCausalLM.from_config(config)
    for parameter in model.parameters():
        # Larger weights than a model starts with, so that attention is not all but uniform.
        torch.nn.init.normal_(parameter, 0.05 if parameter.dim() < 2 else 0, 0.3)
    model.save_pretrained(folder)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(["the cat sat on the mat and the dog did not see the other one in the house"], trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<|endoftext|>", eos_token="<|endoftext|>")
    fast.save_pretrained(folder)
    return str(folder)
