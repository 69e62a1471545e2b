"""Kept keys and values, packed, with their keys rotated to new positions.

A cached key of position p carries the rotation of p. A packed cache whose keys stand at 0..n-1 needs them turned by the
inverse rotation of p and then by that of the new position. Both angles are float32 products of position and frequency, as
the models compute them, so that the model's own rounding cancels.
"""

import torch

from promptpress_kernels.backend import Backend, use_triton


@torch.no_grad()
def gather_kv(
    keys: torch.Tensor,
    values: torch.Tensor,
    indices: torch.Tensor,
    *,
    inverse_frequencies: torch.Tensor | None = None,
    positions: torch.Tensor | None = None,
    new_positions: torch.Tensor | None = None,
    backend: Backend = "auto",
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keys and values at `indices`, in that order.

    `keys` and `values` are (batch, key heads, length, head size); their head sizes may differ. `indices` is (kept,) for all
    heads, (key heads, kept) or (batch, key heads, kept). The results are (batch, key heads, kept, head size), contiguous.

    With `inverse_frequencies` (rotated size / 2,) keys are rotated anew: from `positions` (length,) int, by default 0, 1,
    ..., to `new_positions` (kept,) int, by default 0, 1, .... The first `2 * len(inverse_frequencies)` channels rotate,
    channel i together with channel i + half (the layout of Hugging Face's models; interleaved pairs need a permutation
    first). A scaling of the attention that the stored keys carry (YaRN) stays as it is. An index out of range raises
    IndexError on the CPU; the kernel, which must not wait for the GPU to check it, gives NaN.
    """
    per_head = _checked(keys, values, indices)
    if inverse_frequencies is not None and 2 * inverse_frequencies.numel() > keys.shape[-1]:
        raise ValueError(f"{inverse_frequencies.numel()} frequencies for heads of {keys.shape[-1]} channels")
    if positions is not None and positions.shape != keys.shape[2:3]:
        raise ValueError(f"positions must be of shape ({keys.shape[2]},), not {tuple(positions.shape)}")
    if new_positions is not None and new_positions.shape != indices.shape[-1:]:
        raise ValueError(f"new_positions must be of shape ({indices.shape[-1]},), not {tuple(new_positions.shape)}")
    if use_triton(backend, keys):
        from promptpress_kernels.gathering_triton import gather_kv_triton

        return gather_kv_triton(keys, values, per_head, inverse_frequencies, positions, new_positions)
    return gather_kv_torch(keys, values, per_head, inverse_frequencies, positions, new_positions)


def gather_kv_torch(
    keys: torch.Tensor,
    values: torch.Tensor,
    indices: torch.Tensor,
    inverse_frequencies: torch.Tensor | None,
    positions: torch.Tensor | None,
    new_positions: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The definition. `indices` is (batch or 1, key heads or 1, kept)."""
    batch, heads, length = keys.shape[:3]
    kept = indices.shape[-1]
    if not keys.is_cuda and kept and not (int(indices.min()) >= 0 and int(indices.max()) < length):
        raise IndexError(f"an index is outside of the {length} cached tokens")
    full = indices.long().expand(batch, heads, kept)
    packed_keys, packed_values = (
        each.gather(2, full.unsqueeze(-1).expand(batch, heads, kept, each.shape[-1])) for each in (keys, values)
    )
    if inverse_frequencies is None:
        return packed_keys, packed_values
    old = full if positions is None else positions.long()[full]
    new = torch.arange(kept, device=keys.device) if new_positions is None else new_positions
    return rotate_keys(packed_keys, old, new, inverse_frequencies), packed_values


def rotate_keys(
    keys: torch.Tensor, positions: torch.Tensor, new_positions: torch.Tensor, inverse_frequencies: torch.Tensor
) -> torch.Tensor:
    """Rotated keys (..., tokens, head size) turned from `positions` to `new_positions`, both broadcast to (..., tokens)."""
    dtype = torch.float64 if keys.dtype == torch.float64 else torch.float32
    frequencies = inverse_frequencies.to(device=keys.device, dtype=dtype)
    old, new = (each.to(dtype).unsqueeze(-1) * frequencies for each in (positions, new_positions))
    cos = old.cos() * new.cos() + old.sin() * new.sin()
    sin = new.sin() * old.cos() - new.cos() * old.sin()
    half = frequencies.numel()
    first, second, rest = (
        keys[..., :half],
        keys[..., half : 2 * half],
        keys[..., 2 * half :],
    )
    first, second = first.to(dtype), second.to(dtype)
    turned = (first * cos - second * sin).to(keys.dtype), (second * cos + first * sin).to(keys.dtype)
    return torch.cat([*turned, rest], dim=-1)


def _checked(keys: torch.Tensor, values: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """`indices` with three dimensions."""
    if keys.ndim != 4 or keys.shape[:3] != values.shape[:3]:
        raise ValueError(f"keys and values differ in shape: {tuple(keys.shape)} and {tuple(values.shape)}")
    if keys.dtype != values.dtype or keys.device != values.device or keys.device != indices.device:
        raise ValueError("keys, values and indices must be of one device, keys and values of one type")
    if indices.dtype not in {torch.int32, torch.int64}:
        raise ValueError(f"indices must be int32 or int64, not {indices.dtype}")
    expected = {1: (), 2: (keys.shape[1],), 3: (keys.shape[0], keys.shape[1])}
    if indices.shape[:-1] != expected.get(indices.ndim):
        raise ValueError(f"indices of shape {tuple(indices.shape)} do not fit keys of shape {tuple(keys.shape)}")
    return indices[(None,) * (3 - indices.ndim)]
