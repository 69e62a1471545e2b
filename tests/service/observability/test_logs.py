"""What a log line holds, and what it does not."""

import io
import logging
import sys
import warnings

import pytest
import structlog

from promptpress_service.observability import logs
from tests.service.observability.conftest import Lines

SECRET = "the-launch-code-is-swordfish"


def test_unexpected_fields_are_left_out_and_named(lines: Lines) -> None:
    structlog.get_logger("promptpress_service.test").warning(
        "late", layer="results", seconds=1.5, text=SECRET, tenant=SECRET * 20, count=[SECRET]
    )
    (event,) = lines.events()
    assert event.pop("time")
    assert event == {
        "event": "late",
        "level": "warning",
        "logger": "promptpress_service.test",
        "layer": "results",
        "seconds": 1.5,
        "dropped": ["count", "tenant", "text"],
    }


def test_an_exception_is_its_type_and_places_only(lines: Lines) -> None:
    def fail() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error

    for log in (structlog.get_logger("promptpress_service.test"), logging.getLogger("some.library")):
        try:
            fail()
        except ValueError:
            log.exception("failed")
    for event in lines.events():
        assert event["exception"].startswith("ValueError at test_logs.py:")
        assert "from KeyError at test_logs.py:" in event["exception"]
    assert SECRET not in lines.text


def test_libraries_write_alike_from_warnings_on(lines: Lines) -> None:
    library = logging.getLogger("some.library")
    library.info("carrying %s", SECRET)
    library.warning("pool is %s\nfuture: %s", "full", SECRET)
    logging.getLogger("uvicorn.access").info("%s", SECRET)
    logging.getLogger("uvicorn.error").info("Started")
    warnings.warn("old", UserWarning, stacklevel=1)
    assert [event["event"].split(": ")[-1] for event in lines.events()] == ["pool is full", "Started", "old"]
    assert SECRET not in lines.text


def test_a_record_that_cannot_be_formatted_is_not_printed(lines: Lines) -> None:
    logging.getLogger("some.library").warning("%d", SECRET)
    assert SECRET not in lines.text


def test_a_terminal_gets_lines(plain_logging: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("promptpress_service.test").info("started", port=8080)
    structlog.get_logger("promptpress_service.test").debug("hidden")
    shown = capsys.readouterr().err
    assert "started" in shown
    assert "port=8080" in shown
    assert "hidden" not in shown


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="debug"):
        logs.configure("loud")


def test_a_line_that_cannot_be_written_is_lost(plain_logging: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("info", "json")
    stream.close()
    structlog.get_logger("promptpress_service.test").warning("late")
    logging.getLogger("some.library").warning("late")


def test_a_line_for_a_terminal_begins_with_its_time(plain_logging: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("promptpress_service.test").info("started")
    assert capsys.readouterr().err.startswith("20")
