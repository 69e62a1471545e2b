"""The `promptpress` command as a shell runs it."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import PROSE
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

COMMAND = [sys.executable, "-c", "from promptpress_service.cli.main import app; app(prog_name='promptpress')"]


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, **environment},
    )


def test_standard_input_to_standard_output() -> None:
    done = run("compress", "--query", "Which ship?", "--ratio", "0.3", stdin=PROSE)
    assert done.returncode == 0
    assert "Fram" in done.stdout
    assert len(done.stdout) < len(PROSE) / 2
    assert "tokens" in done.stderr


def test_several_files_have_headings(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(PROSE)
    done = run("compress", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "--tokens", "30")
    assert done.stdout.count("==> ") == 2


def test_json_is_one_line_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    done = run("compress", str(tmp_path / "a.txt"), "--tokens", "30", "--json")
    assert json.loads(done.stdout)["usage"]["tokens_after"] <= 30


def test_json_lines_in_and_out() -> None:
    lines = [
        json.dumps({"text": PROSE}),
        "",
        json.dumps({"id": 7, "text": PROSE, "target_tokens": 20}),
        "{",
        json.dumps(PROSE),
    ]
    done = run("compress", "--json", "--ratio", "0.5", stdin="\n".join(lines) + "\n")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert results[0]["usage"]["ratio"] <= 0.5
    assert results[1]["usage"]["tokens_after"] <= 20
    assert results[1]["id"] == 7
    assert results[2]["error"]["line"] == 4
    assert results[3]["text"]


def test_diff_shows_the_whole_original() -> None:
    done = run("compress", "--ratio", "0.4", "--diff", stdin=PROSE, FORCE_COLOR="1", COLUMNS="80")
    assert "\x1b[32m" in done.stdout
    assert "\x1b[2" in done.stdout
    plain = run("compress", "--ratio", "0.4", "--diff", stdin=PROSE, NO_COLOR="1").stdout
    assert plain.replace("[-", "").replace("-]", "").rstrip("\n") == PROSE
    assert "[-" in plain


def test_count() -> None:
    assert run("count", stdin="Hello world").stdout == "2\n"
    assert "not known" in run("count", "--model", "my-model", stdin="x").stderr


def test_methods() -> None:
    done = run("methods", COLUMNS="160")
    assert "dspc" in done.stdout
    assert "bm25" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("compress", "/no/such/file"), 1, "No such file"),
        (("compress", "--ratio", "2"), 2, "target_ratio"),
        (("compress", "--ratio", "0.5", "--tokens", "3"), 2, "not both"),
        (("compress", "--method", "zip"), 2, "zip"),
        (("compress", "--json", "--diff"), 2, "exclude"),
        (("compress", "--nope"), 2, "No such option"),
        (("count", "--tokenizer", "nope"), 2, "tokenizer"),
    ],
)
def test_mistakes_go_to_standard_error(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run(*arguments, stdin=PROSE)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_the_version() -> None:
    done = run("--version")
    assert done.stdout == f"promptpress {version('promptpress-service')}\n"
    assert done.returncode == 0


def test_a_bad_setting_names_its_variable() -> None:
    done = run("serve", PROMPTPRESS_HTTP_PORT="many")
    assert done.returncode == 2
    assert "PROMPTPRESS_HTTP_PORT" in done.stderr


def test_the_default_path_needs_neither_torch_nor_transformers() -> None:
    program = (
        "import sys; from promptpress import compress; compress('One two three four. Five six seven.', query='q', target_ratio=.5);"
        "import promptpress_service.http.app; print([m for m in ('torch', 'transformers', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.stdout == "[]\n", done.stderr
