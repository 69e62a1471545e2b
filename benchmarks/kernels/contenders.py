"""What the kernels are compared with: the same results, or attention itself, in plain torch."""

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, scaled_dot_product_attention


def materialised_window(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """SnapKV's scores as its authors write them: repeated keys, the matrix of logits, a float32 softmax."""
    group, rows, length = queries.shape[1] // keys.shape[1], queries.shape[2], keys.shape[2]
    repeated = keys.repeat_interleave(group, dim=1)
    logits: torch.Tensor = queries @ repeated.transpose(-1, -2) * queries.shape[-1] ** -0.5
    positions = torch.arange(length, device=keys.device)
    hidden = positions > length - rows + torch.arange(rows, device=keys.device)[:, None]
    shares = logits.masked_fill_(hidden, float("-inf")).softmax(-1, dtype=torch.float32)
    return shares.sum(-2).reshape(1, keys.shape[1], group, length).mean(2)


def grouped_window(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """The same without repeated keys: the query heads of a key head side by side, as rows of one product."""
    key_heads, rows, length, size = keys.shape[1], queries.shape[2], keys.shape[2], queries.shape[-1]
    logits: torch.Tensor = queries.reshape(1, key_heads, -1, size) @ keys.transpose(-1, -2) * size**-0.5
    positions = torch.arange(length, device=keys.device)
    hidden = positions > length - rows + torch.arange(rows, device=keys.device)[:, None]
    shares = (
        logits.reshape(1, key_heads, -1, rows, length).masked_fill_(hidden, float("-inf")).softmax(-1, dtype=torch.float32)
    )
    return shares.sum((2, 3)) * (key_heads / queries.shape[1])


def flash(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, causal: bool) -> torch.Tensor:
    """FlashAttention's forward pass, which gives no scores."""
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        return scaled_dot_product_attention(queries, keys, values, is_causal=causal, enable_gqa=True)


def sdpa_with_mask(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """torch's choice of attention for a window with its mask, which gives no scores."""
    return scaled_dot_product_attention(queries, keys, values, attn_mask=mask, enable_gqa=True)


def flash_log_sums(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The log-sum-exps that FlashAttention computes on its way, (1, query heads, rows)."""
    group = queries.shape[1] // keys.shape[1]
    repeated = [each.repeat_interleave(group, dim=1) for each in (keys, values)]
    result: torch.Tensor = torch.ops.aten._scaled_dot_product_flash_attention(queries, *repeated, 0.0, True)[1]
    return result[:, :, : queries.shape[2]]


def materialised_information(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """All logits at once, in float32 for the softmax, as a model's own loss does it."""
    return cross_entropy((hidden @ weight.T).float(), targets, reduction="none")


def chunked_information(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, tokens: int = 1024
) -> torch.Tensor:
    """The same for some tokens at a time."""
    parts = zip(torch.split(hidden, tokens), torch.split(targets, tokens), strict=True)
    return torch.cat([materialised_information(states, weight, ids) for states, ids in parts])


def product_alone(hidden: torch.Tensor, weight: torch.Tensor, tokens: int = 1024) -> None:
    """The matrix products of `chunked_information` and nothing else."""
    for states in torch.split(hidden, tokens):
        states @ weight.T
