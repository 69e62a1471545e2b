"""Self-information of tokens, -ln p, from a language model's last hidden states, without its matrix of logits.

With logits z = W h + b, capped as c * tanh(z / c) where the model caps them, the self-information of token t after the state
h is log(sum_v exp z_v) - z_t, in nats. The vocabulary is read in blocks with a running log-sum-exp: (tokens, vocabulary)
logits would take 16 GB in bfloat16 for 64,000 tokens of Llama 3.
"""

import torch

from promptpress_kernels.backend import Backend, use_triton

# Rows of the vocabulary that the torch function turns into logits at a time.
VOCABULARY_BLOCK = 4096
TOKEN_BLOCK = 1024


@torch.no_grad()
def self_information(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    *,
    bias: torch.Tensor | None = None,
    soft_cap: float | None = None,
    ignore_index: int = -100,
    backend: Backend = "auto",
) -> torch.Tensor:
    """-ln p(targets[t] | hidden[t]) in nats, float32, (tokens,).

    `hidden` is (tokens, size), the states before the head; `weight` (vocabulary, size) and `bias` (vocabulary,) are the
    head's. `targets` is (tokens,) int: `targets[t]` is the token that follows the state `hidden[t]`, so that a text of ids
    needs `self_information(states[:-1], weight, ids[1:])`. Where it is `ignore_index` the result is 0. Any other id outside
    of the vocabulary raises IndexError on the CPU and gives NaN in the kernel.
    """
    _check(hidden, weight, targets, bias, soft_cap)
    if use_triton(backend, hidden):
        from promptpress_kernels.linear_cross_entropy_triton import self_information_triton

        return self_information_triton(hidden, weight, targets, bias, soft_cap, ignore_index)
    return self_information_torch(hidden, weight, targets, bias, soft_cap, ignore_index)


def self_information_torch(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    bias: torch.Tensor | None,
    soft_cap: float | None,
    ignore_index: int,
) -> torch.Tensor:
    """The definition: blocks of tokens and of the vocabulary, in float32 (float64 for float64 inputs)."""
    dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
    ignored = targets == ignore_index
    ids = targets.long().masked_fill(ignored, 0)
    if not hidden.is_cuda and ids.numel() and not (int(ids.min()) >= 0 and int(ids.max()) < len(weight)):
        raise IndexError(f"a target is outside of the vocabulary of {len(weight)}")
    log_sums = torch.full(ids.shape, float("-inf"), dtype=dtype, device=hidden.device)
    chosen = torch.zeros(ids.shape, dtype=dtype, device=hidden.device)
    for low in range(0, len(weight), VOCABULARY_BLOCK):
        block = weight[low : low + VOCABULARY_BLOCK].to(dtype)
        for start in range(0, len(hidden), TOKEN_BLOCK):
            rows = slice(start, start + TOKEN_BLOCK)
            logits = hidden[rows].to(dtype) @ block.T
            if bias is not None:
                logits += bias[low : low + VOCABULARY_BLOCK].to(dtype)
            if soft_cap is not None:
                logits = torch.tanh_(logits.div_(soft_cap)).mul_(soft_cap)
            log_sums[rows] = torch.logaddexp(log_sums[rows], logits.logsumexp(-1))
            place = ids[rows] - low
            here = (place >= 0) & (place < len(block))
            found = logits.gather(1, place.clamp(0, len(block) - 1).unsqueeze(1)).squeeze(1)
            chosen[rows] = torch.where(here, found, chosen[rows])
    return (log_sums - chosen).masked_fill(ignored, 0.0).float()


def _check(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, bias: torch.Tensor | None, soft_cap: float | None
) -> None:
    if hidden.ndim != 2 or weight.ndim != 2 or hidden.shape[1] != weight.shape[1]:
        raise ValueError(f"hidden {tuple(hidden.shape)} and weight {tuple(weight.shape)} do not fit")
    if targets.shape != hidden.shape[:1]:
        raise ValueError(f"targets must be of shape ({len(hidden)},), not {tuple(targets.shape)}")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bias must be of shape ({len(weight)},), not {tuple(bias.shape)}")
    if soft_cap is not None and not soft_cap > 0:
        raise ValueError(f"soft_cap must be positive, not {soft_cap}")
    if hidden.dtype != weight.dtype:
        raise ValueError(f"hidden is {hidden.dtype}, weight {weight.dtype}")
    if not hidden.device == weight.device == targets.device:
        raise ValueError("hidden, weight and targets must be of one device")
    if 0 in weight.shape:
        raise ValueError("the head is empty")
