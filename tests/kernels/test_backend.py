import subprocess
import sys

import pytest
import torch

import promptpress_kernels
from promptpress_kernels import TritonUnavailable
from promptpress_kernels.backend import use_triton

WITHOUT_TRITON = """
import sys
sys.modules["triton"] = None  # as if it were not installed
import torch
from promptpress_kernels import TritonUnavailable, gather_kv, self_information, window_scores

keys = torch.randn(1, 2, 9, 8)
assert window_scores(torch.randn(1, 4, 2, 8), keys).shape == (1, 2, 9)
assert gather_kv(keys, keys, torch.arange(4))[0].shape == (1, 2, 4, 8)
assert self_information(torch.randn(3, 8), torch.randn(5, 8), torch.arange(3)).shape == (3,)
try:
    window_scores(keys, keys, backend="triton")
except TritonUnavailable as failure:
    print(failure)
"""


def test_it_works_without_triton_and_names_the_extra() -> None:
    result = subprocess.run([sys.executable, "-c", WITHOUT_TRITON], capture_output=True, text=True, check=True)
    assert result.stdout == "Triton is not installed: pip install promptpress-kernels[triton]\n"


def test_importing_it_and_using_it_on_the_cpu_imports_no_triton() -> None:
    code = (
        "import sys, torch, promptpress_kernels as kernels; x = torch.ones(1, 1, 4, 8);"
        "kernels.column_scores(x, x); print('triton' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_a_kernel_asked_for_on_the_cpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptpress_kernels.backend.has_triton", lambda: True)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(TritonUnavailable, match="need tensors on a GPU"):
        use_triton("triton", torch.ones(1))
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert use_triton("triton", torch.ones(1))
    with pytest.raises(TypeError, match="float64"):
        use_triton("triton", torch.ones(1, dtype=torch.float64))


def test_the_cpu_gets_the_torch_functions_by_default() -> None:
    assert not use_triton("auto", torch.ones(1))


def test_everything_public_is_exported() -> None:
    assert sorted(promptpress_kernels.__all__) == promptpress_kernels.__all__
    for name in promptpress_kernels.__all__:
        assert hasattr(promptpress_kernels, name)
