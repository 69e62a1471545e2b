import json
from pathlib import Path

from typer.testing import CliRunner

from promptpress_service.cli.main import app
from tests.compressors.backends.causal_lm.tiny import save


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["find-heads", *arguments])
    return result.exit_code, result.output


def test_heads_are_found_tested_written_and_drawn(tmp_path: Path) -> None:
    out, plot = tmp_path / "heads.json", tmp_path / "heads.png"
    model = save(tmp_path / "model")
    code, output = run("--model", model, "--out", str(out), "--plot", str(plot), "--tokens", "50", "--probes", "4")
    assert code == 3, "an untrained model has no evaluator heads"
    assert "NOT accepted" in output
    found = json.loads(out.read_text())
    assert len(found["heads"]) == 2
    assert len(found["evidence_mass"]) == 3
    assert found["accepted"] is False
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    code, output = run("--model", str(tmp_path), "--out", str(tmp_path / "x.json"))
    assert code == 1
    assert "--model" in output
    code, output = run(
        "--model", save(tmp_path / "model"), "--out", str(tmp_path / "x.json"), "--tokens", "5000", "--probes", "4"
    )
    assert code == 2
    assert "fewer --tokens" in output
    code, output = run("--model", str(tmp_path / "model"), "--haystack", str(tmp_path / "none.txt"))
    assert code == 1
    assert "none.txt" in output
