"""Every snippet of the documents does what it shows, as printed.

The snippets of one document run in order, in one folder that holds a copy of `examples/`, against a real server. Blocks of
`console` show commands after `$ ` and what they print; a block of `text` after one of `python` is what that prints; bodies
in blocks of `json` are sent; files in blocks of `toml` are read as settings.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conftest import run_server
from tests.docs.markdown import ROOT, Block, blocks, commands, documents

LANGUAGES = {"console", "python", "json", "toml", "text"}
REASONS = {
    "installs packages",
    "needs a model of yours",
    "needs the training data",
    "sets up the environment",
}
"""Why a block may be left out, in a comment `<!-- not run: REASON -->` before it."""
ADDRESS = "127.0.0.1:8080"
"""The address that documents name; the test's server is elsewhere."""
VARYING = (
    (re.compile(r"cmp_[0-9a-f]{32}"), "cmp_"),
    (re.compile(r'"(queue|score|cut|verify|total)":[0-9.]+'), r'"\1":0'),
    (re.compile(r"\b[0-9]+ ms\b"), "0 ms"),
)
"""Request ids and times differ from run to run; `...` in a printed output stands for anything."""


def normalised(output: str) -> str:
    """An output without ids and times, and without the line breaks that a document gives a long line."""
    for pattern, constant in VARYING:
        output = pattern.sub(constant, output)
    return re.sub(r"\s+", "", output)


def matches(shown: str, printed: str) -> bool:
    """Whether an output is as it is shown."""
    parts = [re.escape(part) for part in re.split(r"\.{3}(?!\.)", normalised(shown))]
    return re.fullmatch(".*".join(parts), normalised(printed), re.DOTALL) is not None


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Host and port of a server of this module's own, so that nothing is in its caches."""
    with run_server() as url:
        yield url.removeprefix("http://")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stand-in for a clone: the sample files, and the environment under the name that the Makefile gives it."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


class Session:
    """Runs the blocks of one document."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._before: list[str] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROMPTPRESS_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "200"}

    def run(self, block: Block, following: Block | None) -> list[str]:
        """What went wrong, in words."""
        if block.language == "console":
            return self._console(block)
        if block.language == "python":
            shown = following.content if following and following.language == "text" else None
            return self._outcome(block.line, [sys.executable, "-c", self._moved(block.content)], shown)
        if block.language == "json":
            answer = httpx2.post(f"http://{self._address}/v1/compress", json=json.loads(block.content), timeout=60)
            return [] if answer.status_code == 200 else [f"line {block.line}: {answer.text}"]
        if block.language == "toml":
            tomllib.loads(block.content)
            (self._folder / "promptpress.toml").write_text(block.content)
            command = ["promptpress", "config", "--config", "promptpress.toml"]
            return self._outcome(block.line, command, None)
        return []

    def _console(self, block: Block) -> list[str]:
        wrong = []
        for command in commands(block):
            if command.command.startswith(("export ", "source ")):
                self._before.append(command.command)
                continue
            script = "\n".join([*self._before, self._moved(command.command)])
            shown = "\n".join(command.output) if command.output else None
            wrong += self._outcome(command.line, ["bash", "-euc", script], shown)
        return wrong

    def _outcome(self, line: int, command: list[str], shown: str | None) -> list[str]:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        # curl draws its progress on standard error where that is no terminal.
        errors = "" if "curl " in command[-1] and done.returncode == 0 else done.stderr
        printed = (done.stdout + errors).replace(self._address, ADDRESS)
        if done.returncode:
            return [f"line {line}: exit code {done.returncode}: {printed}"]
        if shown is not None and not matches(shown, printed):
            return [f"line {line}: shows\n{shown}\nand prints\n{printed}"]
        return []

    def _moved(self, text: str) -> str:
        return text.replace(ADDRESS, self._address)


WITH_BLOCKS = [document for document in documents() if blocks(document.read_text())]


@pytest.mark.parametrize("document", WITH_BLOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_snippets_do_what_they_show(document: Path, folder: Path, address: str) -> None:
    session = Session(folder, address)
    found = blocks(document.read_text())
    wrong: list[str] = []
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.reason is None:
            wrong += session.run(block, following)
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("document", WITH_BLOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_have_a_known_language_and_are_left_out_for_a_known_reason(document: Path) -> None:
    found = blocks(document.read_text())
    assert {block.language for block in found} <= LANGUAGES
    assert {block.reason for block in found if block.reason} <= REASONS


def test_no_reason_is_allowed_that_nothing_needs() -> None:
    assert {block.reason for document in WITH_BLOCKS for block in blocks(document.read_text()) if block.reason} == REASONS


def test_what_is_shown_must_match_what_is_printed() -> None:
    assert matches('{"id":"cmp_' + "0" * 32 + '", ...}', '{"id":"cmp_' + "a" * 32 + '","cache":"miss"}')
    assert matches("26 -> 13 tokens, 15 ms", "26 -> 13 tokens, 4 ms")
    assert not matches("26 -> 13 tokens", "26 -> 14 tokens")
    assert not matches("26 -> 13 tokens", "26 -> 13 tokens and a warning")
