"""What commands print on a terminal and in a pipe."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from promptpress_service.settings.settings import Settings
from tests.conftest import PROSE
from tests.service.cli.test_main import COMMAND, run
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e


class Terminal:
    """Runs a command with standard error, and if `both` standard output too, on a terminal."""

    def __init__(self, *arguments: str, both: bool = False, columns: int = 200) -> None:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=theirs if both else subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns)},
        ) as process:
            os.close(theirs)
            shown = b""
            # The few lines of the pipe fit into it while the terminal is read to its end.
            while piece := _read(ours):
                shown += piece
            self.output = (process.stdout.read() if process.stdout else b"").decode()
            self.code = process.wait(PATIENCE_SECONDS)
        os.close(ours)
        self.shown = shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        # What Linux answers once nobody has the other side open any more.
        return b""


@pytest.fixture
def requests(tmp_path: Path) -> str:
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(json.dumps({"id": i, "text": PROSE, "target_tokens": 20 + i}) for i in range(3)) + "\n\n")
    return str(path)


def test_json_lines_are_counted_in_a_bar_on_standard_error(requests: str) -> None:
    done = Terminal("compress", requests)
    assert done.code == 0
    counted = re.findall(r"(\d)/(\d)", done.shown)
    assert [each for at, each in enumerate(counted) if counted.index(each) == at] == [(str(i), "3") for i in range(4)]
    assert [json.loads(line)["id"] for line in done.output.splitlines()] == [0, 1, 2]


def test_a_bar_and_results_on_one_terminal_do_not_mix(requests: str) -> None:
    done = Terminal("compress", requests, both=True)
    assert "3/3" in done.shown
    found = [json.loads(line) for line in re.findall(r"\{.*\}", done.shown)]
    assert [each["id"] for each in found] == [0, 1, 2]


def test_results_of_several_files_go_to_standard_output(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(PROSE)
    done = Terminal("compress", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "--tokens", "30")
    assert done.output.count("==> ") == 2
    assert "Amundsen" in done.output
    assert "2/2" in done.shown


def test_one_text_needs_no_bar(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    assert "compressing" not in Terminal("compress", str(tmp_path / "a.txt"), "--tokens", "30").shown


def test_loading_is_shown_apart_from_the_time_of_the_request() -> None:
    summary = run("compress", "--tokens", "30", stdin=PROSE).stderr
    found = re.search(r" (\d+) ms \(models loaded in (\d+) ms\)\n", summary)
    assert found is not None
    assert int(found[2]) > 0
    assert "loaded" not in run("compress", "--tokens", "30", "--method", "truncate", stdin=PROSE).stderr


def test_settings_in_a_pipe_are_whole(tmp_path: Path) -> None:
    path = tmp_path / ("long-" * 20) / "settings.toml"
    path.parent.mkdir()
    path.write_text("")
    printed = run("config", "--config", str(path), COLUMNS="40").stdout
    for name, field in Settings.model_fields.items():
        line = next(line for line in printed.splitlines() if line.startswith(f"PROMPTPRESS_{name.upper()} "))
        assert field.description is not None
        assert field.description in line
    assert f" {path} " in printed
    assert "…" not in printed


def test_settings_on_a_narrow_terminal_are_folded_and_not_cut() -> None:
    shown = Terminal("config", both=True, columns=50).shown
    names = "".join(line.split()[0] for line in shown.splitlines() if re.match(r"\w", line))
    assert "PROMPTPRESS_CACHE_ENCRYPTION_KEYS" in names
    assert "…" not in shown


def test_methods_in_a_pipe_are_whole() -> None:
    printed = run("methods", COLUMNS="40").stdout
    assert "…" not in printed
    assert all("  " in line for line in printed.splitlines())
