"""The public interface: what is exported, what importing it does, and which errors it raises."""

import inspect
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import promptpress
from promptpress import CompressionRequest, Compressor, InvalidRequest, compress
from promptpress.methods.registry import methods
from tests.conftest import PROSE

HEAVY = ("numpy", "onnx", "onnxruntime", "openai", "spacy", "splintr", "tokenizers", "torch", "transformers")


def in_a_new_process(program: str) -> Any:
    """What a program prints as JSON, run by an interpreter of its own without settings for ONNX Runtime."""
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_is_what_is_public() -> None:
    missing = [name for name in promptpress.__all__ if not hasattr(promptpress, name)]
    assert not missing
    # Asking for the names has imported what is loaded late; from here on no more modules appear.
    values = {name: getattr(promptpress, name) for name in dir(promptpress) if not name.startswith("_")}
    imported = {"Any", "Include", "Mapping", "Protect", "Role", "Sequence", "TYPE_CHECKING"}
    imported |= {"import_module", "lru_cache", "parse_request", "version"}
    public = {name for name, value in values.items() if not isinstance(value, ModuleType)} - imported
    assert {*public, "__version__"} == set(promptpress.__all__)
    with pytest.raises(AttributeError, match="compres"):
        promptpress.compres  # type: ignore[attr-defined]  # noqa: B018


def test_every_error_is_exported_and_of_one_family() -> None:
    from promptpress import errors

    family = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert family <= set(promptpress.__all__)
    assert all(issubclass(getattr(errors, name), promptpress.PromptPressError) for name in family)


def test_compress_has_a_typed_parameter_for_every_field_of_a_request() -> None:
    parameters = inspect.signature(compress).parameters
    assert set(parameters) == set(CompressionRequest.model_fields)
    assert all(each.annotation is not inspect.Parameter.empty for each in parameters.values())
    for name, field in CompressionRequest.model_fields.items():
        default = field.get_default(call_default_factory=True)
        assert (parameters[name].default or None) == (default or None), name
        assert f"{name}" in (compress.__doc__ or "")


@pytest.mark.slow
def test_a_wrong_name_fails_in_the_type_checker(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(
        "from promptpress import compress, CompressionResult\n"
        "result: CompressionResult = compress('x', target_ratio=0.5, include=['spans'])\n"
        "compress('x', target_ration=0.5)\n"
        "compress('x', include=['span'])\n"
        "from promptpress import compres\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", str(snippet)]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert {int(line.split(":")[1]) for line in found.splitlines() if ": error:" in line} == {3, 4, 5}, found


def test_importing_loads_nothing_heavy_and_sets_no_environment_variable() -> None:
    program = (
        "import json, os; before = dict(os.environ); import promptpress, sys; from promptpress import CompressionRequest;"
        "promptpress.list_methods(); promptpress.__version__;"
        f"print(json.dumps([[each for each in {HEAVY!r} if each in sys.modules], dict(os.environ) == before]))"
    )
    loaded, untouched = in_a_new_process(program)
    assert set(loaded) <= {"numpy"}
    assert untouched


def test_a_compressor_can_be_built_without_the_packages_that_run_models() -> None:
    program = (
        "import json, sys; from promptpress import build_compressor; build_compressor();"
        f"print(json.dumps([each for each in {HEAVY!r} if each in sys.modules]))"
    )
    assert not set(in_a_new_process(program)) & {"onnx", "onnxruntime", "openai", "spacy", "torch", "transformers"}


def test_telemetry_of_onnx_runtime_is_off_where_the_library_has_imported_it() -> None:
    program = (
        "import json, os, sys; from promptpress import compress;"
        f"compress({PROSE!r}, query='Which ship?', target_ratio=0.4);"
        "print(json.dumps(['onnxruntime' in sys.modules, os.environ.get('ORT_DISABLE_TELEMETRY')]))"
    )
    assert in_a_new_process(program) == [True, "1"]


MALFORMED: list[tuple[dict[str, Any], str | None, str]] = [
    ({}, None, "exactly one of"),
    ({"text": "a", "texts": ["b"]}, None, "got text, texts"),
    ({"text": 3}, "text", "string"),
    ({"texts": "abc"}, "texts", "list"),
    ({"text": "a", "target_ratio": 2}, "target_ratio", "less than or equal to 1"),
    ({"text": "a", "target_ratio": 0.5, "target_tokens": 3}, None, "not both"),
    ({"documents": [{"title": "no text"}]}, "documents[0].text", "required"),
    ({"text": "a", "include": ["tokens"]}, "include[0]", "'spans' or 'scores'"),
    ({"text": "a", "protect": "all"}, "protect", "'facts'"),
    ({"text": "\ud800"}, "text", "surrogate"),
]


@pytest.mark.parametrize(("fields", "field", "message"), MALFORMED)
def test_a_malformed_request_is_ours_to_report(
    compressor: Compressor, fields: dict[str, Any], field: str | None, message: str
) -> None:
    with pytest.raises(InvalidRequest) as from_function:
        compress(**fields)
    with pytest.raises(InvalidRequest) as from_method:
        compressor.compress(fields)
    for caught in (from_function.value, from_method.value):
        assert caught.field == field
        assert message in caught.message


def test_fields_that_only_a_service_can_honour_are_unknown(compressor: Compressor) -> None:
    for name in ("deadline_ms", "store_original"):
        with pytest.raises(InvalidRequest, match="unknown field") as caught:
            compressor.compress({"text": PROSE, "target_ratio": 0.5, name: 1})
        assert caught.value.field == name


def test_a_mapping_and_a_model_give_the_same_result(compressor: Compressor) -> None:
    fields: dict[str, Any] = {"text": PROSE, "target_ratio": 0.5, "method": "truncate"}
    assert compressor.compress(fields).text == compressor.compress(CompressionRequest(**fields)).text
    assert compress(PROSE, target_ratio=0.5, method="truncate").text == compressor.compress(fields).text


def test_tuples_and_dicts_are_taken_as_lists_and_documents() -> None:
    result = compress(documents=({"title": "T", "text": PROSE},), target_ratio=0.5, method="truncate", include=("spans",))
    assert result.documents is not None
    assert result.documents[0].title == "T"
    assert result.spans


def test_version_and_methods() -> None:
    assert promptpress.__version__ == version("promptpress")
    assert promptpress.list_methods() == methods()
    assert promptpress.list_methods()[0] == "auto"
