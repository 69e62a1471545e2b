"""What the kernels compute, written out whole in float64, and how far a result is from it."""

import torch


def relative_error(result: torch.Tensor, reference: torch.Tensor) -> float:
    difference = result.detach().cpu().double() - reference.cpu().double()
    return float(difference.norm() / reference.cpu().double().norm().clamp_min(1e-30))


def dense_shares(queries: torch.Tensor, keys: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """(batch, query heads, rows, keys) attention of the default scale over the visible keys."""
    group = queries.shape[1] // keys.shape[1]
    repeated = keys.double().cpu().repeat_interleave(group, dim=1)
    logits: torch.Tensor = queries.double().cpu() @ repeated.transpose(-1, -2) / queries.shape[-1] ** 0.5
    return logits.masked_fill(~visible, float("-inf")).softmax(-1).nan_to_num(0.0)


def causal(rows: int, length: int, first: int) -> torch.Tensor:
    return torch.arange(length) <= first + torch.arange(rows)[:, None]


def reduced(shares: torch.Tensor, key_heads: int, rows: str, heads: str) -> torch.Tensor:
    scores = shares.sum(2) if rows == "sum" else shares.amax(2)
    if heads == "none":
        return scores
    grouped: torch.Tensor = scores.unflatten(1, (key_heads, -1))
    return {"mean": grouped.mean(2), "sum": grouped.sum(2), "max": grouped.amax(2)}[heads]
