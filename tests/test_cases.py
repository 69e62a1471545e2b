from pathlib import Path

import pytest

from tests.cases import main

RUNNER = """
import sys, urllib.request
path, _, url = sys.argv[1:]
assert urllib.request.urlopen(url + "/readyz").status == 200
sys.exit(int(open(path).read()))
"""


def test_without_cases_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "run.py"), str(tmp_path / "cases.jsonl")]) == 0
    assert capsys.readouterr().out.startswith("No cases to run: ")


@pytest.mark.e2e
@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_that_of_the_runner_against_a_server_that_is_ready(tmp_path: Path, status: int) -> None:
    runner, cases = tmp_path / "run.py", tmp_path / "cases.jsonl"
    runner.write_text(RUNNER)
    cases.write_text(str(status))
    assert main([str(runner), str(cases)]) == status
