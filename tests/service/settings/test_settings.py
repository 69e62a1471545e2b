"""Settings: where they come from, what is refused, how they are shown."""

import base64
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress_service.settings.report import describe, is_service_link, naming_variables, unknown_variable, variable_of
from promptpress_service.settings.settings import Settings, SettingsError, get_settings, load_settings

SECRET = "hunter2-hunter2-hunter2"
KEY_32 = base64.b64encode(b"\x00\xff" * 16).decode()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable_of(name), raising=False)
    get_settings.cache_clear()


def load(monkeypatch: pytest.MonkeyPatch, flags: dict[str, Any] | None = None, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(f"PROMPTPRESS_{name}", value)
    return load_settings(flags)


def test_defaults_are_those_of_the_model() -> None:
    settings = load_settings()
    assert settings == get_settings() == Settings()
    assert (settings.host, settings.http_port, settings.grpc_port, settings.metrics_port) == ("127.0.0.1", 8080, 8081, 9464)
    assert not settings.has_keys


def test_flags_go_before_the_environment_and_that_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "promptpress.toml"
    path.write_text('host = "10.0.0.1"\nhttp_port = 1\nqueue_size = 11\nmax_batch_items = 3\n')
    settings = load(
        monkeypatch,
        {"host": "10.0.0.3", "http_port": None},
        CONFIG_FILE=str(path),
        HOST="10.0.0.2",
        HTTP_PORT="2",
        MAX_BATCH_ITEMS="",
    )
    assert (settings.host, settings.http_port, settings.queue_size, settings.max_batch_items) == ("10.0.0.3", 2, 11, 3)
    other = tmp_path / "other.toml"
    other.write_text("queue_size = 12\n")
    assert load_settings({"config_file": other}).queue_size == 12


def test_everything_can_stand_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "promptpress.toml"
    path.write_text(f"""
        api_keys = ["acme:0123456789abcdef", "zeta:fedcba9876543210"]
        cache_encryption_keys = ["{KEY_32}"]
        redis_url = "rediss+sentinel://:{SECRET}@a:1,b:2/primary"
        allow_unauthenticated = true
        [tenant_limits.acme]
        rate_limit = "5/minute"
        [tokenizers]
        mine = "mine.json"
    """)
    settings = load(monkeypatch, CONFIG_FILE=str(path))
    assert settings.has_keys
    assert settings.api_keys is not None
    assert len(settings.api_keys.get_secret_value().splitlines()) == 2
    assert settings.tenant_limits["acme"].rate_limit == "5/minute"
    assert settings.tokenizers == {"mine": Path("mine.json")}


def test_lists_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        CACHE_ENCRYPTION_KEYS=f"{KEY_32}, {KEY_32.replace('+', '-').replace('/', '_').rstrip('=')}",
        TENANT_LIMITS='{"acme": {"rate_limit": null}}',
        TOKENIZERS='{"mine": "mine.json"}',
    )
    assert len(settings.cache_encryption_keys) == 2
    assert settings.tenant_limits["acme"].model_fields_set == {"rate_limit"}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"REDIS_ULR": "redis://h"}, "PROMPTPRESS_REDIS_ULR is not a setting; did you mean PROMPTPRESS_REDIS_URL?"),
        ({"PORT": "80"}, "did you mean PROMPTPRESS_HTTP_PORT"),
        ({"ZQXJ": "1"}, "promptpress config"),
        ({"HTTP_PORT": "many"}, "^PROMPTPRESS_HTTP_PORT: .*integer"),
        ({"HTTP_PORT": "70000"}, "^PROMPTPRESS_HTTP_PORT: .*65535"),
        ({"LOG_FORMAT": "xml"}, "^PROMPTPRESS_LOG_FORMAT: .*'json' or 'console'"),
        ({"TOKENIZERS": f"{{{SECRET}"}, "^PROMPTPRESS_TOKENIZERS: must be JSON"),
        ({"RATE_LIMIT": "fast"}, "^PROMPTPRESS_RATE_LIMIT: .*100/minute"),
        ({"RATE_LIMIT_TOKENS": "0/minute"}, "^PROMPTPRESS_RATE_LIMIT_TOKENS: .*at least 1"),
        ({"TENANT_LIMITS": '{"a": {"rate_limit": "x"}}'}, r"^PROMPTPRESS_TENANT_LIMITS\.a\.rate_limit: "),
        ({"TENANT_LIMITS": '{"a": {"rate": "1/day"}}'}, r"^PROMPTPRESS_TENANT_LIMITS\.a\.rate: unknown field"),
        ({"API_KEYS": SECRET}, "^PROMPTPRESS_API_KEYS: key 1: "),
        ({"API_KEYS": f"acme:{SECRET} x"}, "^PROMPTPRESS_API_KEYS: key 1: "),
        ({"API_KEYS_FILE": "/no/such/file"}, "^PROMPTPRESS_API_KEYS_FILE: cannot read"),
        ({"REDIS_URL": f"http://:{SECRET}@h"}, "^PROMPTPRESS_REDIS_URL: must be a URL"),
        ({"REDIS_REQUIRED": "1"}, "^PROMPTPRESS_REDIS_REQUIRED: needs PROMPTPRESS_REDIS_URL"),
        ({"CACHE_SECRET": "hunter2"}, "^PROMPTPRESS_CACHE_SECRET: .*16"),
        ({"CACHE_ENCRYPTION_KEYS": SECRET}, "^PROMPTPRESS_CACHE_ENCRYPTION_KEYS: key 1 must be 32 bytes"),
        ({"CACHE_ENCRYPTION_KEYS": f"{KEY_32},é"}, "^PROMPTPRESS_CACHE_ENCRYPTION_KEYS: key 2 must be 32 bytes"),
        ({"TLS_KEY": "/no/such/file"}, "^PROMPTPRESS_TLS_KEY: .*file"),
        ({"TLS_KEY": __file__}, "^PROMPTPRESS_TLS_KEY: needs PROMPTPRESS_TLS_CERTIFICATE"),
        ({"GRPC_TLS_CERTIFICATE": __file__}, "^PROMPTPRESS_GRPC_TLS_CERTIFICATE: needs PROMPTPRESS_GRPC_TLS_KEY"),
        ({"GRPC_TLS_CLIENT_CA": __file__}, "^PROMPTPRESS_GRPC_TLS_CLIENT_CA: needs PROMPTPRESS_GRPC_TLS_CERTIFICATE"),
        ({"CONFIG_FILE": "/no/such/file"}, "^PROMPTPRESS_CONFIG_FILE: cannot read"),
    ],
)
def test_mistakes_name_the_variable_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(monkeypatch, None, **environment)
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http_prot = 1", "http_prot in the configuration file is not a setting; did you mean http_port?"),
        ('http_port = "many"', r"^PROMPTPRESS_HTTP_PORT \(http_port in the configuration file\): "),
        ("http_port = ", "^PROMPTPRESS_CONFIG_FILE: .* is not TOML"),
        ("[service]\nport = 1", "service in the configuration file is not a setting"),
    ],
)
def test_mistakes_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "promptpress.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        load(monkeypatch, CONFIG_FILE=str(path))


@given(st.sampled_from(sorted(Settings.model_fields)), st.data())
def test_a_slip_of_one_letter_is_put_right(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    slip = variable_of(name[:at] + name[at + 1 :])
    known = {variable_of(each) for each in Settings.model_fields}
    found = unknown_variable(Settings.model_fields, {slip: "1"})
    assert found is None if slip in known else found is not None and "did you mean" in found


def test_variables_that_kubernetes_adds_are_no_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    links = {
        "PROMPTPRESS_SERVICE_HOST": "10.0.0.1",
        "PROMPTPRESS_SERVICE_PORT": "8080",
        "PROMPTPRESS_SERVICE_PORT_HTTP": "8080",
        "PROMPTPRESS_PORT": "tcp://10.0.0.1:8080",
        "PROMPTPRESS_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "PROMPTPRESS_PORT_8080_TCP_PROTO": "tcp",
        "PROMPTPRESS_REDIS_MASTER_PORT_6379_TCP_ADDR": "10.0.0.2",
        "PROMPTPRESS_METRICS_PORT": "tcp://10.0.0.1:9464",
    }
    for variable, value in links.items():
        assert is_service_link(variable, value)
        monkeypatch.setenv(variable, value)
    assert load_settings().metrics_port == 9464
    assert not is_service_link("PROMPTPRESS_METRICS_PORT", "9464")
    assert not is_service_link("PROMPTPRESS_REDIS_URL", "tcp://10.0.0.1:1")


def test_a_message_of_the_library_names_the_variable() -> None:
    names = Settings.model_fields
    assert naming_variables("encoder: cannot load 'x': no", names) == "PROMPTPRESS_ENCODER: cannot load 'x': no"
    for other in ("--model: cannot load", "the encoder: x", "encoder", "PROMPTPRESS_ENCODER: x"):
        assert naming_variables(other, names) == other


def test_describe_lists_everything_and_masks_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        API_KEYS=f"acme:{SECRET}",
        REDIS_URL=f"redis://:{SECRET}@host",
        CACHE_SECRET=SECRET,
        CACHE_ENCRYPTION_KEYS=KEY_32,
        HTTP_PORT="8080",
    )
    rows = {row.variable: row for row in describe(settings)}
    assert len(rows) == len(Settings.model_fields)
    assert all(row.description for row in rows.values())
    assert not rows["PROMPTPRESS_HTTP_PORT"].default
    assert rows["PROMPTPRESS_GRPC_PORT"].default
    assert rows["PROMPTPRESS_REDIS_URL"].value == "**********"
    assert rows["PROMPTPRESS_CACHE_ENCRYPTION_KEYS"].value == ["**********"]
    printed = orjson.dumps(list(rows.values())).decode()
    assert json.loads(printed)[1]["variable"] == "PROMPTPRESS_HOST"
    for shown in (printed, repr(settings), str(settings)):
        assert SECRET not in shown
        assert KEY_32 not in shown
