from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptpress_kernels import gather_kv, rotate_keys
from promptpress_kernels.backend import Backend
from tests.kernels.references import relative_error

DTYPES = [torch.float32, torch.float16, torch.bfloat16]
# A result's error: one rounding to the type (the interpreter rounds bfloat16 toward zero).
ROUNDING = {torch.float32: 1e-6, torch.float16: 5e-4, torch.bfloat16: 8e-3}
BACKENDS = ["torch", "triton"]


def frequencies(rotated: int, base: float = 10000.0) -> torch.Tensor:
    return base ** (-torch.arange(0, rotated, 2) / rotated)


def _rotated(keys: torch.Tensor, positions: torch.Tensor, rates: torch.Tensor) -> torch.Tensor:
    """Unrotated keys as the models rotate them: k * cos + rotate_half(k) * sin."""
    angles = positions.double()[..., None] * rates.double()
    half = len(rates)
    first, second, rest = keys.double()[..., :half], keys.double()[..., half : 2 * half], keys.double()[..., 2 * half :]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], -1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("size", "rotated"), [(64, 64), (96, 96), (128, 128), (80, 32)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_kept_keys_stand_where_a_shorter_prompt_would_have_put_them(
    backend: Backend, size: int, rotated: int, dtype: torch.dtype, device: str
) -> None:
    generator = torch.Generator().manual_seed(size)
    raw = torch.randn(2, 3, 157, size, generator=generator)
    values = torch.randn(2, 3, 157, 40, generator=generator).to(device, dtype)
    rates = frequencies(rotated)
    keys = _rotated(raw, torch.arange(157), rates).to(device, dtype)
    kept = torch.stack([torch.randperm(157, generator=generator)[:33].sort().values for _ in range(3)])
    packed, packed_values = gather_kv(keys, values, kept.to(device), inverse_frequencies=rates.to(device), backend=backend)
    expected = _rotated(raw.gather(2, kept[None, :, :, None].expand(2, 3, 33, size)), torch.arange(33), rates)
    assert packed.dtype == dtype
    assert relative_error(packed, expected) < 2 * ROUNDING[dtype] + 1e-6
    assert torch.equal(packed_values.cpu(), values.cpu().gather(2, kept[None, :, :, None].expand(2, 3, 33, 40)))


@pytest.mark.parametrize("shape", [(9,), (3, 9), (2, 3, 9)], ids=str)
def test_indices_for_all_heads_each_head_and_each_entry(shape: tuple[int, ...], device: str) -> None:
    keys, values = torch.randn(2, 3, 50, 64, device=device), torch.randn(2, 3, 50, 64, device=device)
    kept = torch.randint(0, 50, shape, device=device)
    rates = frequencies(64).to(device)
    expected = gather_kv(keys, values, kept, inverse_frequencies=rates, backend="torch")
    result = gather_kv(keys, values, kept.int(), inverse_frequencies=rates, backend="triton")
    assert relative_error(result[0], expected[0]) < 1e-6
    assert torch.equal(result[1], expected[1])


def test_heads_that_share_many_indices_are_done_together(device: str) -> None:
    keys = torch.randn(64, 2, 600, 16, device=device).transpose(2, 3).contiguous().transpose(2, 3)
    kept = torch.arange(0, 600, 2, device=device) if device == "cuda" else torch.arange(0, 600, 40)
    expected = gather_kv(keys, keys, kept, inverse_frequencies=frequencies(16).to(device), backend="torch")
    result = gather_kv(keys, keys, kept, inverse_frequencies=frequencies(16).to(device), backend="triton")
    assert relative_error(result[0], expected[0]) < 1e-6
    assert torch.equal(result[1], expected[1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_positions_of_a_cache_that_was_cut_before(backend: Backend, device: str) -> None:
    raw = torch.randn(1, 2, 20, 64)
    positions = torch.arange(20) * 6000 + 3
    keys = _rotated(raw, positions, frequencies(64)).float().to(device)
    kept = torch.tensor([1, 4, 19])
    target = torch.tensor([7, 100_000, 131_071])
    result, _ = gather_kv(
        keys, keys, kept.to(device), inverse_frequencies=frequencies(64).to(device),
        positions=positions.to(device), new_positions=target.to(device), backend=backend,
    )  # fmt: skip
    # At 131,071 a float32 angle is good to .004; the models round it in the same way.
    assert relative_error(result, _rotated(raw[:, :, kept], target, frequencies(64))) < 1e-2
    exact = rotate_keys(keys[:, :, kept.to(device)], positions[kept].to(device), target.to(device), frequencies(64))
    assert relative_error(result, exact) < 2e-6


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_keeping_all_is_the_identity_and_rotating_back_gives_the_original(device: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 70), "length")
    size = data.draw(st.sampled_from([16, 24, 64]), "head size")
    heads = data.draw(st.integers(1, 3), "heads")
    offset = data.draw(st.integers(0, 130_000), "offset")
    keys = torch.randn(1, heads, length, size, generator=torch.Generator().manual_seed(length)).to(device)
    rates = frequencies(size).to(device)
    everything = torch.arange(length, device=device)
    same, values = gather_kv(keys, keys, everything, inverse_frequencies=rates, backend="triton")
    assert torch.equal(values, keys)
    assert relative_error(same, keys) < 1e-6

    kept = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=1), "kept"))
    indices = torch.tensor(kept, device=device)
    moved = torch.arange(len(kept), device=device) + offset
    turned, _ = gather_kv(keys, keys, indices, inverse_frequencies=rates, new_positions=moved, backend="triton")
    back, _ = gather_kv(
        turned, turned, torch.arange(len(kept), device=device), inverse_frequencies=rates,
        positions=moved, new_positions=indices, backend="triton",
    )  # fmt: skip
    assert relative_error(back, keys[:, :, indices]) < 2e-6
    assert relative_error(turned.norm(dim=-1), keys[:, :, indices].norm(dim=-1)) < 2e-6


def test_an_index_out_of_range(device: str) -> None:
    keys = torch.randn(1, 2, 10, 64, device=device)
    wrong = torch.tensor([3, 10, -1], device=device)
    packed, values = gather_kv(keys, keys, wrong, inverse_frequencies=frequencies(64).to(device), backend="triton")
    for result in (packed, values):
        assert result[:, :, 0].isfinite().all()
        assert result[:, :, 1:].isnan().all()
    with pytest.raises(IndexError, match="10 cached"):
        gather_kv(keys.cpu(), keys.cpu(), wrong.cpu())


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_kept(backend: Backend, device: str) -> None:
    keys = torch.randn(1, 2, 10, 64, device=device)
    packed, values = gather_kv(keys, keys, torch.zeros(0, dtype=torch.long, device=device), backend=backend)
    assert packed.shape == values.shape == (1, 2, 0, 64)


def test_arguments_that_do_not_fit_are_refused() -> None:
    keys = torch.ones(1, 2, 10, 8)
    kept = torch.arange(3)
    changes: tuple[dict[str, Any], ...] = (
        {"values": torch.ones(1, 2, 9, 8)},
        {"indices": torch.ones(3)},
        {"indices": torch.zeros(3, 3, dtype=torch.long)},
        {"inverse_frequencies": torch.ones(5)},
        {"positions": torch.arange(9)},
        {"new_positions": torch.arange(4)},
    )
    for change in changes:
        with pytest.raises(ValueError, match=r"shape|int32|frequencies"):
            gather_kv(**{"keys": keys, "values": keys, "indices": kept, **change})
