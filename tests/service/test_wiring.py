"""Settings become plain values in one place, and nothing below it knows them."""

import ast
from pathlib import Path

import pytest

import promptpress_service
from promptpress_service.settings.settings import Settings, SettingsError
from promptpress_service.tenancy.caller import Caller
from promptpress_service.wiring import create_app, engine_options, rate_limits, storage_options

PACKAGE = Path(promptpress_service.__file__).parent
KNOW_SETTINGS = {"wiring.py", "settings", "process", "cli"}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_settings_stop_at_the_wiring() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in KNOW_SETTINGS]
    assert len(files) > 50
    for path in files:
        assert not [name for name in imported(path) if name.startswith("promptpress_service.settings")], path


def test_numbers_keep_their_meaning() -> None:
    settings = Settings(max_wait_ms=1500, redis_timeout_ms=300, cache_mb=2, originals_mb=3, threads=8, redis_url="redis://h")
    assert engine_options(settings).max_wait_seconds == 1.5
    assert engine_options(settings).concurrency == 4
    options = storage_options(settings)
    assert (options.timeout_seconds, options.results_bytes, options.originals_bytes) == (0.3, 2 << 20, 3 << 20)
    assert options.address is not None
    assert options.address.hosts == (("h", 6379),)


def test_a_redis_url_that_cannot_be_used_stops_it_without_repeating_the_password() -> None:
    with pytest.raises(SettingsError, match="PROMPTPRESS_REDIS_URL") as error:
        create_app(Settings(redis_url="redis+sentinel://:hunter2@host:1"))
    assert "hunter2" not in str(error.value)


def test_an_unsupported_tracer_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(SettingsError, match="OTEL_TRACES_EXPORTER"):
        create_app(Settings())


@pytest.mark.anyio
async def test_limits_without_redis() -> None:
    limits = rate_limits(Settings(rate_limit="1/day"))
    await limits.admit(Caller("acme"))
    assert not limits.degraded
    await limits.close()
