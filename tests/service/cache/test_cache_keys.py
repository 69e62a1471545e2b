from hypothesis import given
from hypothesis import strategies as st

from promptpress_service.cache.cache_keys import cache_key, key_secret

SECRET = b"s" * 32
_parts = st.lists(st.text(max_size=12) | st.binary(max_size=12), max_size=5)


@given(_parts, _parts)
def test_different_parts_never_share_a_key(one: list[str | bytes], other: list[str | bytes]) -> None:
    same = cache_key(SECRET, "results", "t", *one) == cache_key(SECRET, "results", "t", *other)
    assert same == (one == other)


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_parts_do_not_run_into_each_other(a: str, b: str, c: str) -> None:
    assert cache_key(SECRET, "l", "t", a, b, c) != cache_key(SECRET, "l", "t", a + b, c)
    assert cache_key(SECRET, "l", "t", a, b) != cache_key(SECRET, "l", "t", a, b, "")
    assert cache_key(SECRET, "l", a + "x", b) != cache_key(SECRET, "l", a, "x" + b)


def test_a_key_tells_its_layer_and_nothing_else() -> None:
    key = cache_key(SECRET, "results", "acme", "attack at dawn")
    assert key.startswith("promptpress:results:")
    assert len(key) == len("promptpress:results:") + 64
    assert "acme" not in key


def test_layer_tenant_and_secret_separate() -> None:
    keys = {
        cache_key(secret, layer, tenant, "x")
        for secret in (SECRET, b"t" * 32)
        for layer in ("results", "scores")
        for tenant in ("a", "b")
    }
    assert len(keys) == 8


def test_replicas_agree_on_a_secret_and_strangers_do_not() -> None:
    assert key_secret("phrase", shared=True) == key_secret("phrase", shared=False)
    assert key_secret(None, shared=True) == key_secret(None, shared=True)
    assert key_secret(None, shared=False) != key_secret(None, shared=False)
    assert key_secret("phrase", shared=True) != key_secret("other", shared=True)
