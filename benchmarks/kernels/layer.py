"""A layer of Llama-3.1-8B's shape with random states."""

import torch

QUERY_HEADS, KEY_HEADS, HEAD_SIZE = 32, 8, 128
HIDDEN, VOCABULARY = 4096, 128_256
WINDOW = 32
BASE = 500_000.0


def heads(count: int, length: int) -> torch.Tensor:
    """(1, count, length, head size) bfloat16."""
    return torch.randn(1, count, length, HEAD_SIZE, device="cuda", dtype=torch.bfloat16)


def inverse_frequencies() -> torch.Tensor:
    """The rotation's rates, (head size / 2,)."""
    return BASE ** (-torch.arange(0, HEAD_SIZE, 2, device="cuda") / HEAD_SIZE)


def head_weights() -> torch.Tensor:
    """(vocabulary, hidden) bfloat16, of a size that gives logits a deviation of about 2.5."""
    return torch.randn(VOCABULARY, HIDDEN, device="cuda", dtype=torch.bfloat16).mul_(0.04)
