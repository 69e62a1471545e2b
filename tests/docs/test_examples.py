"""The scripts in `examples/` run and print what they promise."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import ROOT

EXAMPLES = ROOT / "examples"


def run(*command: str | Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_retrieved_documents_become_a_short_prompt() -> None:
    printed = run(sys.executable, EXAMPLES / "rag_documents.py")
    assert "14 December 1911" in printed
    assert "penguin" not in printed
    assert "(112 tokens before, 29 after)" in printed


def test_old_turns_are_shortened_and_the_users_words_are_not() -> None:
    lines = run(sys.executable, EXAMPLES / "chat_history.py").splitlines()
    marks = [(line.split()[0], line.split()[1]) for line in lines[:-1]]
    assert [role for mark, role in marks if mark == "shorter"] == ["tool", "assistant"]
    assert "Which ship did Amundsen use?" in "\n".join(lines)
    assert "borrowed from Fridtjof Nansen" in "\n".join(lines)


def test_a_shell_makes_a_prompt_of_a_file() -> None:
    lines = run("sh", EXAMPLES / "pipeline.sh").splitlines()
    assert lines[0] == "Answer from this report:"
    assert any("connection pool of 10 connections" in line for line in lines)
    assert "Question: What caused the outage?" in lines
    assert lines[-1] == "pole Amundsen reached the South Pole on 14 December 1911."


def test_the_standard_library_is_client_enough(server: str) -> None:
    printed = run(sys.executable, EXAMPLES / "http_client.py", server)
    assert "connection pool of 10 connections" in printed
    assert "(364 tokens before, " in printed
