"""The kernels run compiled where there is a GPU, in Triton's interpreter elsewhere."""

import os
from importlib.util import find_spec

import pytest
import torch

# Read by Triton when the kernels are first imported.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """Where the tensors of a test lie. Without Triton only the cases of `backend="torch"` run."""
    case = getattr(request.node, "callspec", None)
    if find_spec("triton") is None and (case is None or case.params.get("backend") != "torch"):
        pytest.skip("Triton is not installed: pip install promptpress-kernels[triton]")
    return "cuda" if torch.cuda.is_available() else "cpu"
