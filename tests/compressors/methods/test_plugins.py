"""Methods of other distributions, found through their entry points, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "method"
RUN = """
import json, logging, sys
logging.basicConfig(format="%(message)s", stream=sys.stderr)
from promptpress import compress
from promptpress.errors import UnknownMethod
from promptpress.methods.registry import method_class, method_classes, methods

print(json.dumps({
    "methods": methods(),
    "imported": [name for name in sys.argv[1:] if name in sys.modules],
    "usable": list(method_classes()),
    "module of bm25": method_class("bm25").__module__,
    "errors": {name: str(error) for name in sys.argv[1:] for error in [failure(name)] if error}
}))
"""
FAILURE = """
def failure(name):
    try:
        compress("One thing is here. Another is there. A third is nowhere.", method=name, target_tokens=6)
    except UnknownMethod as error:
        return error
"""
METHOD = """
from promptpress.methods.base import Method
class {cls}(Method):
    name = "{name}"
    summary = "A test."
    def score(self, passages, query, options): ...
"""


def run(folder: Path, code: str, *arguments: str) -> tuple[dict[str, Any], str]:
    """What a new process with the distributions in `folder` prints as JSON, and its standard error."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def distribution(folder: Path, name: str, entry_points: dict[str, str], module: str, code: str) -> None:
    """An installed distribution as a wheel leaves it: a module, and its metadata."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{key} = {value}" for key, value in entry_points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[promptpress.methods]", *lines]))
    (folder / f"{module}.py").write_text(code)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the example method is installed in."""
    source, target = tmp_path_factory.mktemp("source") / "method", tmp_path_factory.mktemp("installed")
    shutil.copytree(EXAMPLE, source)
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "--target", target, source], check=True, timeout=300)
    return target


def test_the_example_is_found_and_runs(example: Path) -> None:
    code = """
import json, sys
from promptpress import compress
from promptpress.methods.registry import methods

listed, early = methods(), "first_lines" in sys.modules
documents = [{"text": "A first one. A second one. A third one."}, {"text": "Another first. Another second. And more."}]
free = compress(documents=documents, method="first_lines", options={"lines": 1})
tight = compress(documents=documents, method="first_lines", target_tokens=6)
print(json.dumps({"methods": listed, "early": early, "free": free.model_dump(), "tight": tight.model_dump()}))
"""
    found, _ = run(example, code)
    assert found["methods"][0] == "auto"
    assert found["methods"][-1] == "first_lines"
    assert not found["early"]
    free, tight = found["free"], found["tight"]
    assert [document["text"] for document in free["documents"]] == ["A first one.", "Another first."]
    assert free["method"] == "first_lines"
    assert free["method_details"] == {"lines": [1, 1]}
    assert tight["usage"]["tokens_after"] <= 6
    assert tight["documents"][0]["text"] == "A first one."


def test_plugins_that_are_broken_or_clash_are_named_and_leave_the_others_alone(example: Path, tmp_path: Path) -> None:
    shutil.copytree(example, tmp_path, dirs_exist_ok=True)
    cases = {
        "raises": ("raises:Raises", "raise OSError('no disk')"),
        "missing": ("missing:Missing", ""),
        "no_method": ("no_method:Plain", "class Plain: ..."),
        "no_score": (
            "no_score:NoScore",
            "from promptpress.methods.base import Method\nclass NoScore(Method):\n    name, summary = 'no_score', ''",
        ),
        "no_summary": ("no_summary:Cls", METHOD.format(cls="Cls", name="no_summary").replace("summary", "about")),
        "other_name": ("other_name:Cls", METHOD.format(cls="Cls", name="another")),
        "no_init": (
            "no_init:Cls",
            METHOD.format(cls="Cls", name="no_init") + "    def __init__(self, models): raise ValueError('no luck')\n",
        ),
        "bm25": ("bm25_again:Cls", METHOD.format(cls="Cls", name="bm25")),
    }
    for name, (value, code) in cases.items():
        distribution(tmp_path, f"dist-{name.replace('_', '-')}", {name: value}, value.partition(":")[0], code)
    for which in ("one", "two"):
        code = METHOD.format(cls="Cls", name="twice")
        distribution(tmp_path, f"dist-twice-{which}", {"twice": f"twice_{which}:Cls"}, f"twice_{which}", code)
    names = [name for name in cases if name != "bm25"]
    found, log = run(tmp_path, FAILURE + RUN, *names, "twice", "first_lines", "nowhere")

    assert found["imported"] == []
    assert found["methods"][0] == "auto"
    assert set(found["methods"]) >= {*names, "first_lines"}
    assert "twice" not in found["methods"]
    assert set(found["usable"]) == set(found["methods"]) - set(names) | {"no_init"}
    assert found["module of bm25"] == "promptpress.methods.bm25"

    errors = found["errors"]
    assert set(errors) == {*names, "twice", "nowhere"}
    for name in names:
        assert f"dist-{name.replace('_', '-')} 1.0" in errors[name]
    for name, reason in {
        "raises": "no disk",
        "missing": "has no attribute",
        "no_method": "no subclass of promptpress.methods.base.Method",
        "no_score": "does not define score",
        "no_summary": "does not set summary",
        "other_name": "'another'",
        "no_init": "no luck",
    }.items():
        assert reason in errors[name]
        assert name == "no_init" or errors[name] in log
    assert "dist-twice-one 1.0 and dist-twice-two 1.0" in errors["twice"]
    assert "'bm25' of dist-bm25 1.0 is ignored" in log
    assert "first_lines" in errors["nowhere"]


def test_listing_the_methods_imports_none_of_them() -> None:
    code = """
import json, sys
from promptpress.methods.registry import methods

names = methods()
heavy = [name for name in ("onnxruntime", "torch", "transformers") if name in sys.modules]
print(json.dumps({"methods": names, "heavy": heavy, "own": [name for name in names if f"promptpress.methods.{name}" in sys.modules]}))
"""
    found, _ = run(Path(), code)
    assert found["methods"][0] == "auto"
    assert found["heavy"] == []
    assert found["own"] == []
