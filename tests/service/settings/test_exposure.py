"""Which addresses may be served without a key."""

import pytest

from promptpress_service.settings.exposure import check_bind, is_loopback
from promptpress_service.settings.settings import Settings, SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)
    check_bind(Settings(host=host))


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.7", "example.org", "localhost.example.org", "::ffff:10.0.0.7"]
)
def test_other_addresses_need_a_key_or_the_override(host: str) -> None:
    with pytest.raises(SettingsError, match=r"PROMPTPRESS_API_KEYS.*PROMPTPRESS_ALLOW_UNAUTHENTICATED=1"):
        check_bind(Settings(host=host))
    check_bind(Settings(host=host, api_keys="acme:0123456789abcdef"))
    check_bind(Settings(host=host, allow_unauthenticated=True))
