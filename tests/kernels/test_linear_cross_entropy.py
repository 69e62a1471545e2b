from typing import Any

import pytest
import torch

from promptpress_kernels import self_information
from promptpress_kernels.backend import Backend
from tests.kernels.references import relative_error

DTYPES = [torch.float32, torch.float16, torch.bfloat16]
BACKENDS = ["torch", "triton"]


def _reference(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    bias: torch.Tensor | None = None,
    soft_cap: float | None = None,
) -> torch.Tensor:
    logits = hidden.cpu().double() @ weight.cpu().double().T
    if bias is not None:
        logits = logits + bias.cpu().double()
    if soft_cap is not None:
        logits = soft_cap * (logits / soft_cap).tanh()
    return -logits.log_softmax(-1).gather(1, targets.cpu()[:, None]).squeeze(1)


def _tensors(tokens: int, vocabulary: int, size: int, dtype: torch.dtype, device: str) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(tokens + vocabulary)
    hidden = torch.randn(tokens, size, generator=generator).to(device, dtype)
    weight = (torch.randn(vocabulary, size, generator=generator) * 0.3).to(device, dtype)
    targets = torch.randint(0, vocabulary, (tokens,), generator=generator).to(device)
    bias = torch.randn(vocabulary, generator=generator).to(device, dtype)
    return hidden, weight, targets, bias


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("tokens", "vocabulary", "size"), [(1, 2, 16), (37, 301, 80), (70, 601, 64), (5, 4100, 96)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_self_information_is_that_of_the_whole_logits(
    backend: Backend, tokens: int, vocabulary: int, size: int, dtype: torch.dtype, device: str
) -> None:
    hidden, weight, targets, bias = _tensors(tokens, vocabulary, size, dtype, device)
    for options in ({}, {"bias": bias}, {"soft_cap": 5.0}, {"bias": bias, "soft_cap": 30.0}):
        result = self_information(hidden, weight, targets, backend=backend, **options)
        assert result.dtype == torch.float32
        assert relative_error(result, _reference(hidden, weight, targets, **options)) < 1e-5


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sure_token_carries_nothing_and_large_logits_do_not_overflow(backend: Backend, device: str) -> None:
    weight = torch.eye(20, 32, device=device)
    hidden = 300 * weight[[4, 7]]
    result = self_information(hidden, weight, torch.tensor([4, 8], device=device), backend=backend)
    assert result.tolist() == pytest.approx([0.0, 300.0], abs=1e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ignored_targets_are_zero(backend: Backend, device: str) -> None:
    hidden, weight, targets, _ = _tensors(9, 50, 32, torch.float32, device)
    full = self_information(hidden, weight, targets, backend=backend)
    targets[[2, 8]] = -100
    result = self_information(hidden, weight, targets, backend=backend)
    assert result[[2, 8]].tolist() == [0.0, 0.0]
    others = [0, 1, 3, 4, 5, 6, 7]
    assert torch.equal(result[others], full[others])


def test_a_target_outside_of_the_vocabulary(device: str) -> None:
    hidden, weight, targets, _ = _tensors(3, 50, 32, torch.float32, device)
    targets[1] = 50
    assert self_information(hidden, weight, targets, backend="triton").isnan().tolist() == [False, True, False]
    with pytest.raises(IndexError, match="vocabulary of 50"):
        self_information(hidden.cpu(), weight.cpu(), targets.cpu())


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_tokens(backend: Backend, device: str) -> None:
    empty = torch.zeros(0, dtype=torch.long, device=device)
    result = self_information(torch.ones(0, 8, device=device), torch.ones(5, 8, device=device), empty, backend=backend)
    assert result.shape == (0,)


def test_arguments_that_do_not_fit_are_refused() -> None:
    hidden, weight, targets = torch.ones(4, 8), torch.ones(10, 8), torch.zeros(4, dtype=torch.long)
    changes: tuple[dict[str, Any], ...] = (
        {"weight": torch.ones(10, 7)},
        {"weight": torch.ones(0, 8)},
        {"weight": torch.ones(10, 8).half()},
        {"targets": targets[:3]},
        {"bias": torch.ones(9)},
        {"soft_cap": -1.0},
    )
    for change in changes:
        with pytest.raises(ValueError, match=r"fit|shape|positive|empty|float"):
            self_information(**{"hidden": hidden, "weight": weight, "targets": targets, **change})
