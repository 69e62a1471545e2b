"""API keys: how they are written, found in headers, reloaded."""

import hashlib
import logging
import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress_service.tenancy.api_keys import KeyRing, KeysError, Unauthorized, new_key, parse_keys
from promptpress_service.tenancy.caller import ANYONE, Caller

TENANTS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
KEYS = st.text([c for c in map(chr, range(33, 127)) if c != ","], min_size=16, max_size=80).filter(
    lambda key: not key.startswith("sha256:")
)


@given(
    st.dictionaries(KEYS, TENANTS, min_size=1, max_size=5),
    st.sampled_from([",", "\n", "\r\n", " , ", "\n# note, or not\n\n"]),
)
def test_every_key_authenticates_its_tenant_and_no_other(keys: dict[str, str], separator: str) -> None:
    ring = KeyRing(separator.join(f"{tenant}:{key}" for key, tenant in keys.items()))
    for key, tenant in keys.items():
        assert ring.authenticate([key]) == Caller(tenant)
        with pytest.raises(Unauthorized):
            ring.authenticate([key + "x"])


@given(TENANTS, KEYS)
def test_plain_and_hashed_forms_are_the_same_key(tenant: str, key: str) -> None:
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert parse_keys(f"{tenant}:{key}") == parse_keys(f"{tenant}:sha256:{digest.upper()}")
    assert parse_keys(f"{tenant}:{key}")[0].line() == f"{tenant}:sha256:{digest}"


@given(st.text(max_size=60))
def test_any_text_is_keys_or_an_error_that_does_not_repeat_it(text: str) -> None:
    message = ""
    try:
        assert parse_keys(text)
    except KeysError as error:
        message = str(error)
    assert not any(part in message for part in text.replace("\n", ",").split(",") if len(part) > 12)


@given(st.lists(st.text(max_size=60), max_size=3))
def test_any_text_is_a_known_key_or_unauthorized(presented: list[str]) -> None:
    with pytest.raises(Unauthorized):
        KeyRing("acme:0123456789abcdef").authenticate(presented)


def test_the_first_known_key_decides() -> None:
    ring = KeyRing("acme:0123456789abcdef,zeta:fedcba9876543210")
    assert ring.authenticate(["sk-key-of-the-llm", "fedcba9876543210", "0123456789abcdef"]) == Caller("zeta")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no keys"),
        ("# only a comment", "holds no keys"),
        ("0123456789abcdef", "key 1: is not of the form"),
        ("acme:", "key 1: is not of the form"),
        ("acme:short", "key 1: a key has 16"),
        ("a b:0123456789abcdef", "key 1: the tenant's name"),
        ("acme:0123456789abcdef\nacme:sha256:12ab", "key 2: sha256: must be followed by 64"),
        ("acme:0123456789abcdef,zeta:0123456789abcdef", "key 2: belongs to another tenant"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(KeysError, match=message):
        parse_keys(text)


def test_a_new_key_is_long_random_and_stored_hashed() -> None:
    key, line = new_key("acme")
    assert key not in line
    assert len(key) >= 40
    assert set(key) <= set(string.ascii_letters + string.digits + "_-")
    assert KeyRing(line).authenticate([key]) == Caller("acme")
    assert new_key("acme")[0] != key
    with pytest.raises(KeysError):
        new_key("not a name")


def test_what_is_refused_says_what_to_do() -> None:
    ring = KeyRing("acme:0123456789abcdef")
    with pytest.raises(Unauthorized, match="Authorization: Bearer") as missing:
        ring.authenticate([])
    assert (missing.value.status, missing.value.code) == (401, "unauthorized")
    assert missing.value.headers == {"WWW-Authenticate": "Bearer"}
    with pytest.raises(Unauthorized, match="not known") as wrong:
        ring.authenticate(["secret-that-is-wrong"])
    assert "secret-that-is-wrong" not in wrong.value.message


def test_without_keys_everyone_is_anyone() -> None:
    ring = KeyRing()
    assert not ring.required
    assert ring.authenticate(["whatever"]) is ANYONE


def write(path: Path, text: str, time: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(time, time))


def test_a_changed_file_takes_effect_and_a_broken_one_does_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "keys"
    (first, first_line), (second, second_line) = new_key("acme"), new_key("zeta")
    write(path, f"# ours\n{first_line}\n", 1)
    ring = KeyRing("fixed:0123456789abcdef", path, check_seconds=0)
    assert ring.authenticate([first]) == Caller("acme")

    write(path, f"{second_line}\n", 2)
    assert ring.authenticate([second]) == Caller("zeta")
    with pytest.raises(Unauthorized):
        ring.authenticate([first])
    assert ring.authenticate(["0123456789abcdef"]) == Caller("fixed")

    for time, text in enumerate(("acme:very-secret key!", "", f"{first_line}\nbroken"), 3):
        write(path, text, time)
        with caplog.at_level(logging.WARNING):
            assert ring.authenticate([second]) == Caller("zeta")
        assert ring.warning is not None
        assert "stay in force" in ring.warning
    path.write_bytes(b"\xff\xfe")
    assert ring.authenticate([second]) == Caller("zeta")
    path.unlink()
    assert ring.authenticate([second]) == Caller("zeta")
    assert "very-secret" not in caplog.text
    assert "stay in force" in caplog.text

    write(path, first_line, 9)
    assert ring.authenticate([first]) == Caller("acme")
    assert ring.warning is None


def test_the_file_is_not_looked_at_more_often_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    (first, first_line), (_, second_line) = new_key("acme"), new_key("zeta")
    write(path, first_line, 1)
    ring = KeyRing(path=path, check_seconds=3600)
    write(path, second_line, 2)
    assert ring.authenticate([first]) == Caller("acme")


def test_a_file_that_is_missing_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="cannot read"):
        KeyRing(path=tmp_path / "missing")
