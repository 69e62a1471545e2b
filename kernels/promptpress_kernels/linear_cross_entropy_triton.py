"""The Triton kernel of `linear_cross_entropy.self_information`: a matrix product whose epilogue is a log-sum-exp.

One program computes the logits of a block of tokens and a block of the vocabulary in registers and stores two numbers a
token: the block's log-sum-exp, and the target's logit if it lies in the block. A second kernel combines the blocks.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls

from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

from promptpress_kernels.backend import interprets

LOG2_E = tl.constexpr(1.4426950408889634)
LN_2 = tl.constexpr(0.6931471805599453)


@dataclass(frozen=True)
class Tile:
    """Tokens, vocabulary rows and channels of one tile, and how the compiler spreads it."""

    tokens: int
    vocabulary: int
    channels: int
    group: int
    """Blocks of tokens whose programs run next to each other, so that they read a block of the head from the cache."""
    warps: int
    stages: int


def default_tile(dtype: torch.dtype, bulk: bool) -> Tile:
    """The tile for inputs of `dtype`, chosen on an H100 with `benchmarks.kernels --sweep`; `bulk` as in `reads_in_bulk`."""
    if interprets():
        return Tile(32, 128, 64, 2, 4, 1)
    if dtype == torch.float32:
        return Tile(64, 64, 32, 8, 4, 3)
    return Tile(256, 128, 64, 8, 8, 4) if bulk else Tile(128, 256, 64, 16, 8, 3)


def reads_in_bulk(*tensors: torch.Tensor) -> bool:
    """Whether the card copies tiles by an engine (Hopper and later) that can read the tensors: rows of whole 16 bytes."""
    if not tensors[0].is_cuda or torch.cuda.get_device_capability(tensors[0].device)[0] < 9:
        return False
    return all(each.data_ptr() % 16 == 0 and each.stride(0) * each.element_size() % 16 == 0 for each in tensors)


@triton.jit(do_not_specialize=["tokens"])
def logits_kernel(
    hidden, weight, bias, targets, log_sums, chosen,
    h_stride, w_stride, tokens, vocabulary, size, cap,
    bulk: tl.constexpr, has_bias: tl.constexpr, has_cap: tl.constexpr, even: tl.constexpr,
    block_m: tl.constexpr, block_n: tl.constexpr, block_k: tl.constexpr, group: tl.constexpr,
    upcast: tl.constexpr, precision: tl.constexpr,
):  # fmt: skip
    """One program: a block of tokens against a block of the vocabulary."""
    token_blocks, vocabulary_blocks = tl.cdiv(tokens, block_m), tl.cdiv(vocabulary, block_n)
    program = tl.program_id(0)
    first = program // (group * vocabulary_blocks) * group
    width = tl.minimum(token_blocks - first, group)
    block_row = first + program % (group * vocabulary_blocks) % width
    block_column = program % (group * vocabulary_blocks) // width
    m = block_row * block_m + tl.arange(0, block_m)
    n = block_column * block_n + tl.arange(0, block_n)
    k = tl.arange(0, block_k)
    # Rows past the end wrap around: their results are not used, and no load needs a mask.
    if not bulk:
        a = hidden + (m % tokens).to(tl.int64)[:, None] * h_stride + k[None, :]
        b = weight + (n % vocabulary).to(tl.int64)[None, :] * w_stride + k[:, None]
    logits = tl.zeros([block_m, block_n], tl.float32)
    for start in range(0, size, block_k):
        if bulk:
            left = hidden.load([block_row * block_m, start])
            right = tl.trans(weight.load([block_column * block_n, start]))
        elif even:
            left, right = tl.load(a), tl.load(b)
        else:
            left = tl.load(a, mask=(k < size - start)[None, :], other=0.0)
            right = tl.load(b, mask=(k < size - start)[:, None], other=0.0)
        if upcast:
            left, right = left.to(tl.float32), right.to(tl.float32)
        logits = tl.dot(left, right, logits, input_precision=precision)
        if not bulk:
            a += block_k
            b += block_k
    if has_bias:
        logits += tl.load(bias + n, mask=n < vocabulary, other=0.0).to(tl.float32)[None, :]
    if has_cap:
        # cap * tanh(logits / cap)
        logits = cap - 2 * cap / (tl.exp2(logits * (2 * LOG2_E / cap)) + 1)
    logits = tl.where((n < vocabulary)[None, :], logits, float("-inf"))
    top = tl.max(logits, 1)
    total = tl.sum(tl.exp2((logits - top[:, None]) * LOG2_E), 1)
    tl.store(log_sums + block_column.to(tl.int64) * tokens + m, top + tl.log2(total) * LN_2, mask=m < tokens)
    target = tl.load(targets + m, mask=m < tokens, other=-1)
    found = tl.sum(tl.where(n[None, :] == target[:, None], logits, 0.0), 1)
    here = (target >= block_column * block_n) & (target < tl.minimum((block_column + 1) * block_n, vocabulary))
    tl.store(chosen + m, found, mask=(m < tokens) & here)


@triton.jit(do_not_specialize=["tokens"])
def combine_kernel(log_sums, chosen, targets, out, tokens, blocks, ignore_index, block: tl.constexpr):
    """The log-sum-exp over the blocks of the vocabulary, less the target's logit."""
    m = tl.program_id(0) * block + tl.arange(0, block)
    inside = m < tokens
    top = tl.full([block], float("-inf"), tl.float32)
    total = tl.zeros([block], tl.float32)
    pointer = log_sums + m
    for _ in range(blocks):
        part = tl.load(pointer, mask=inside, other=0.0)
        pointer += tokens
        new = tl.maximum(top, part)
        total = total * tl.exp2((top - new) * LOG2_E) + tl.exp2((part - new) * LOG2_E)
        top = new
    result = top + tl.log2(total) * LN_2 - tl.load(chosen + m, mask=inside, other=0.0)
    target = tl.load(targets + m, mask=inside, other=0)
    tl.store(out + m, tl.where(target == ignore_index, 0.0, result), mask=inside)


def self_information_triton(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    bias: torch.Tensor | None,
    soft_cap: float | None,
    ignore_index: int,
    tile: Tile | None = None,
    bulk: bool | None = None,
) -> torch.Tensor:
    """What `linear_cross_entropy.self_information_torch` defines. Stores two float32 for each token and block of the
    vocabulary.
    """
    hidden = hidden if hidden.stride(-1) == 1 else hidden.contiguous()
    weight = weight if weight.stride(-1) == 1 else weight.contiguous()
    bulk = reads_in_bulk(hidden, weight) if bulk is None else bulk
    tile = tile or default_tile(hidden.dtype, bulk)
    tokens, size = hidden.shape
    vocabulary = len(weight)
    out = torch.empty(tokens, dtype=torch.float32, device=hidden.device)
    if not tokens:
        return out
    targets = targets.contiguous()
    blocks = triton.cdiv(vocabulary, tile.vocabulary)
    log_sums = torch.empty(blocks, tokens, dtype=torch.float32, device=hidden.device)
    # A target outside of the vocabulary is found in no block and stays NaN.
    chosen = torch.full((tokens,), float("nan"), dtype=torch.float32, device=hidden.device)
    operands: tuple[Any, Any] = (hidden, weight)
    if bulk:
        operands = (
            TensorDescriptor.from_tensor(hidden, [tile.tokens, tile.channels]),
            TensorDescriptor.from_tensor(weight, [tile.vocabulary, tile.channels]),
        )
    logits_kernel[(triton.cdiv(tokens, tile.tokens) * blocks,)](
        *operands, bias, targets, log_sums, chosen, hidden.stride(0), weight.stride(0), tokens, vocabulary, size,
        soft_cap or 1.0, bulk=bulk, has_bias=bias is not None, has_cap=soft_cap is not None, even=size % tile.channels == 0,
        block_m=tile.tokens, block_n=tile.vocabulary, block_k=tile.channels, group=tile.group,
        upcast=interprets() and hidden.dtype != torch.float32, precision="ieee",
        num_warps=tile.warps, num_stages=tile.stages,
    )  # fmt: skip
    combine_kernel[(triton.cdiv(tokens, 32),)](
        log_sums, chosen, targets, out, tokens, blocks, ignore_index, block=32, num_warps=1
    )
    return out
