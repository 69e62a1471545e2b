import os
import subprocess
import sys
from pathlib import Path

import pytest

from promptpress.backends.model_source import folder_or_id, require
from promptpress.errors import ModelUnavailable

HEAVY = ("torch", "transformers", "onnxruntime", "openai", "spacy")


def test_a_missing_package_names_the_setting_and_the_command() -> None:
    with pytest.raises(ModelUnavailable, match="rewriter_url: needs the package no_such_package: pip install it") as caught:
        require(("json", "no_such_package"), "pip install it", "rewriter_url")
    assert caught.value.setting == "rewriter_url"


def test_a_folder_is_taken_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    assert folder_or_id("~/model") == str(tmp_path / "model")
    assert folder_or_id("org/model") == "org/model"


def run(code: str, **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | variables
    return subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip()


def test_importing_the_backends_loads_no_model_library() -> None:
    code = (
        "import importlib, pkgutil, sys, promptpress.backends as root\n"
        "for module in pkgutil.walk_packages(root.__path__, 'promptpress.backends.'):\n"
        "    importlib.import_module(module.name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize(("variables", "value"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")])
def test_telemetry_is_off_before_onnx_runtime_is_imported_unless_set(variables: dict[str, str], value: str) -> None:
    code = (
        "import os, sys\n"
        "import promptpress.backends.onnx.session as session\n"
        "assert os.environ.get('ORT_DISABLE_TELEMETRY') != '1'\n"
        "session.onnx_runtime()\n"
        "print('onnxruntime' in sys.modules, os.environ['ORT_DISABLE_TELEMETRY'])\n"
    )
    assert run(code, **variables) == f"True {value}"
