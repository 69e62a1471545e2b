"""The Triton kernel of `gathering.gather_kv`: one read and one write of each kept key and value."""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls

import torch
import triton
import triton.language as tl

from promptpress_kernels.backend import interprets

# 2 pi as the sum of two float32 numbers.
TWO_PI_HIGH = tl.constexpr(6.2831854820251465)
TWO_PI_LOW = tl.constexpr(-1.7484556000744487e-07)
INVERSE_TWO_PI = tl.constexpr(0.15915494309189535)


@triton.jit
def _turn(angle, reduce: tl.constexpr):
    """Cosine and sine. Large angles are first reduced to one turn, exactly, so that the fast instructions are accurate."""
    if reduce:
        turns = tl.floor(angle * INVERSE_TWO_PI + 0.5)
        angle = tl.fma(-turns, TWO_PI_HIGH, angle)
        angle = tl.fma(-turns, TWO_PI_LOW, angle)
    return tl.cos(angle), tl.sin(angle)


@triton.jit
def _copy(source, target, index, known, token, stride, inside, width, begin: tl.constexpr, block: tl.constexpr):
    """Channels [begin, width) of the rows `index` of the source to the rows `token` of the target."""
    d = begin + tl.arange(0, block)
    row = tl.load(
        source + index[:, None] * stride + d[None, :], mask=known[:, None] & (d < width)[None, :], other=float("nan")
    )
    tl.store(target + token.to(tl.int64)[:, None] * width + d[None, :], row, mask=inside[:, None] & (d < width)[None, :])


@triton.jit
def gather_kernel(
    keys, values, indices, frequencies, positions, new_positions, out_keys, out_values,
    k_stride_b, k_stride_h, k_stride_n, v_stride_b, v_stride_h, v_stride_n, i_stride_b, i_stride_h, i_stride_n,
    heads, length, kept,
    key_size: tl.constexpr, value_size: tl.constexpr, half: tl.constexpr, block_half: tl.constexpr, block_rest: tl.constexpr,
    block_k: tl.constexpr, block_v: tl.constexpr, has_positions: tl.constexpr, has_new: tl.constexpr,
    heads_each: tl.constexpr, block: tl.constexpr, reduce: tl.constexpr,
):  # fmt: skip
    """One program: a block of kept tokens of `heads_each` heads that share their indices."""
    token = tl.program_id(0) * block + tl.arange(0, block)
    inside = token < kept
    first_head, batch = tl.program_id(1) * heads_each, tl.program_id(2).to(tl.int64)
    pointer = indices + batch * i_stride_b + first_head.to(tl.int64) * i_stride_h
    index = tl.load(pointer + token.to(tl.int64) * i_stride_n, mask=inside, other=0).to(tl.int64)
    known = inside & (index >= 0) & (index < length)
    if half > 0:
        pair = tl.arange(0, block_half)
        frequency = tl.load(frequencies + pair, mask=pair < half, other=0.0)
        old, new = index, token
        if has_positions:
            old = tl.load(positions + index, mask=known, other=0)
        if has_new:
            new = tl.load(new_positions + token, mask=inside, other=0)
        old_cos, old_sin = _turn(old.to(tl.float32)[:, None] * frequency[None, :], reduce)
        new_cos, new_sin = _turn(new.to(tl.float32)[:, None] * frequency[None, :], reduce)
        cos = old_cos * new_cos + old_sin * new_sin
        sin = new_sin * old_cos - new_cos * old_sin
    for step in range(heads_each):
        head = (first_head + step).to(tl.int64)
        source_k = keys + batch * k_stride_b + head * k_stride_h
        source_v = values + batch * v_stride_b + head * v_stride_h
        out_row = (batch * heads + head) * kept
        target_k = out_keys + out_row * key_size
        if half > 0:
            taken = known[:, None] & (pair < half)[None, :]
            offsets = index[:, None] * k_stride_n + pair[None, :]
            first = tl.load(source_k + offsets, mask=taken, other=float("nan")).to(tl.float32)
            second = tl.load(source_k + offsets + half, mask=taken, other=float("nan")).to(tl.float32)
            places = token.to(tl.int64)[:, None] * key_size + pair[None, :]
            stored = inside[:, None] & (pair < half)[None, :]
            kind = out_keys.dtype.element_ty
            tl.store(target_k + places, (first * cos - second * sin).to(kind), mask=stored)
            tl.store(target_k + places + half, (second * cos + first * sin).to(kind), mask=stored)
            if 2 * half < key_size:
                _copy(source_k, target_k, index, known, token, k_stride_n, inside, key_size, 2 * half, block_rest)
        else:
            _copy(source_k, target_k, index, known, token, k_stride_n, inside, key_size, 0, block_k)
        _copy(source_v, out_values + out_row * value_size, index, known, token, v_stride_n, inside, value_size, 0, block_v)


def gather_kv_triton(
    keys: torch.Tensor,
    values: torch.Tensor,
    indices: torch.Tensor,
    inverse_frequencies: torch.Tensor | None,
    positions: torch.Tensor | None,
    new_positions: torch.Tensor | None,
    block: int = 16,
    warps: int = 8,
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `gathering.gather_kv_torch` defines."""
    keys = keys if keys.stride(-1) == 1 else keys.contiguous()
    values = values if values.stride(-1) == 1 else values.contiguous()
    batch, heads, length, key_size = keys.shape
    value_size, kept, device = values.shape[-1], indices.shape[-1], keys.device
    out_keys = torch.empty(batch, heads, kept, key_size, dtype=keys.dtype, device=device)
    out_values = torch.empty(batch, heads, kept, value_size, dtype=keys.dtype, device=device)
    if not kept:
        return out_keys, out_values
    half = 0 if inverse_frequencies is None else inverse_frequencies.numel()
    blocks = triton.cdiv(kept, block)
    # Heads that share their indices share their angles too; few blocks are spread over the heads instead.
    heads_each = heads if indices.shape[1] == 1 and blocks * batch >= 1024 else 1
    frequencies = None if inverse_frequencies is None else inverse_frequencies.to(device, torch.float32).contiguous()
    positions, new_positions = (
        None if each is None else each.to(device, torch.int32).contiguous() for each in (positions, new_positions)
    )
    strides = tuple(
        0 if extent == 1 else stride for extent, stride in zip(indices.shape[:2], indices.stride()[:2], strict=True)
    )
    gather_kernel[(blocks, heads // heads_each, batch)](
        keys, values, indices, frequencies, positions, new_positions, out_keys, out_values,
        *keys.stride()[:3], *values.stride()[:3], *strides, indices.stride(2),
        heads, length, kept,
        key_size=key_size, value_size=value_size, half=half,
        block_half=triton.next_power_of_2(max(1, half)), block_rest=triton.next_power_of_2(max(1, key_size - 2 * half)),
        block_k=triton.next_power_of_2(key_size), block_v=triton.next_power_of_2(value_size),
        has_positions=positions is not None, has_new=new_positions is not None,
        heads_each=heads_each, block=block, reduce=not interprets(), num_warps=warps,
    )  # fmt: skip
    return out_keys, out_values
