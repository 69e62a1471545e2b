"""The folder through which workers share their metrics."""

import os
from pathlib import Path

import pytest

from promptpress_service.process.workers import METRICS_FOLDER, metrics_folder
from promptpress_service.settings.settings import Settings


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set first, so that it is removed after the test whoever sets it.
    monkeypatch.setenv(METRICS_FOLDER, "")
    monkeypatch.delenv(METRICS_FOLDER)


def test_it_lives_as_long_as_the_workers() -> None:
    with metrics_folder(Settings(workers=2)):
        folder = Path(os.environ[METRICS_FOLDER])
        assert folder.is_dir()
        (folder / "counter_1.db").write_bytes(b"1")
    assert not folder.exists()


def test_one_worker_needs_none() -> None:
    with metrics_folder(Settings(workers=1)):
        assert METRICS_FOLDER not in os.environ


def test_one_that_is_given_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(METRICS_FOLDER, str(tmp_path))
    with metrics_folder(Settings(workers=2)):
        assert os.environ[METRICS_FOLDER] == str(tmp_path)
        assert list(tmp_path.iterdir()) == []
    assert tmp_path.is_dir()
