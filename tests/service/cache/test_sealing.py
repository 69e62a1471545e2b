import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress_service.cache.sealing import Sealer, parse_encryption_key

SECRET = b"s" * 32
NEW, OLD = b"n" * 32, b"o" * 32
SEALERS = {"authenticated": Sealer(SECRET), "encrypted": Sealer(SECRET, [NEW, OLD])}
_values = st.binary(max_size=600) | st.text(max_size=40).map(lambda text: text.encode() * 60)
sealers = pytest.mark.parametrize("sealer", SEALERS.values(), ids=SEALERS.keys())


@sealers
@given(value=_values, key=st.text(max_size=20), compress=st.booleans())
def test_what_is_sealed_opens_again(sealer: Sealer, value: bytes, key: str, compress: bool) -> None:
    assert sealer.open(key, sealer.seal(key, value, compress)) == value


@sealers
@given(value=_values, data=st.data())
def test_a_changed_byte_is_a_miss(sealer: Sealer, value: bytes, data: st.DataObject) -> None:
    envelope = bytearray(sealer.seal("k", value))
    at = data.draw(st.integers(0, len(envelope) - 1))
    envelope[at] ^= data.draw(st.integers(1, 255))
    assert sealer.open("k", bytes(envelope)) is None


@sealers
@given(value=_values, data=st.data())
def test_a_cut_value_is_a_miss(sealer: Sealer, value: bytes, data: st.DataObject) -> None:
    envelope = sealer.seal("k", value)
    assert sealer.open("k", envelope[: data.draw(st.integers(0, len(envelope) - 1))]) is None
    assert sealer.open("k", envelope + b"\0") is None


@sealers
@given(junk=st.binary(max_size=200))
def test_junk_is_a_miss(sealer: Sealer, junk: bytes) -> None:
    assert sealer.open("k", junk) is None
    assert sealer.open("k", b"\x01\x00" + junk) is None
    assert sealer.open("k", b"\x01\x03" + junk) is None


@sealers
def test_a_value_under_another_key_is_a_miss(sealer: Sealer) -> None:
    assert sealer.open("b", sealer.seal("a", b"value")) is None


@sealers
def test_text_is_compressed(sealer: Sealer) -> None:
    assert len(sealer.seal("k", b"the same words again " * 500)) < 500


def test_rotation_reads_the_old_and_writes_the_new() -> None:
    before, during, after = Sealer(SECRET, [OLD]), Sealer(SECRET, [NEW, OLD]), Sealer(SECRET, [NEW])
    assert during.open("k", before.seal("k", b"v")) == b"v"
    assert after.open("k", during.seal("k", b"v")) == b"v"
    assert after.open("k", before.seal("k", b"v")) is None


def test_encryption_hides_and_is_not_downgraded() -> None:
    sealer, plain = Sealer(SECRET, [NEW]), Sealer(SECRET)
    assert b"attack at dawn" not in sealer.seal("k", b"attack at dawn")
    assert sealer.open("k", plain.seal("k", b"v")) is None
    assert plain.open("k", sealer.seal("k", b"v")) is None
    assert Sealer(b"t" * 32).open("k", plain.seal("k", b"v")) is None


def test_a_value_that_inflates_beyond_the_limit_is_a_miss() -> None:
    envelope = Sealer(SECRET).seal("k", bytes(100_000))
    assert Sealer(SECRET, max_bytes=100_000).open("k", envelope) == bytes(100_000)
    assert Sealer(SECRET, max_bytes=99_999).open("k", envelope) is None


def test_keys_are_base64_of_32_bytes() -> None:
    assert parse_encryption_key(base64.b64encode(NEW).decode() + "\n") == NEW
    assert parse_encryption_key(base64.urlsafe_b64encode(b"\xff" * 32).decode()) == b"\xff" * 32
    for wrong in ("", "short", base64.b64encode(b"x" * 16).decode(), "%" * 44, "é" * 44):
        with pytest.raises(ValueError, match="32 bytes in base64"):
            parse_encryption_key(wrong)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(SECRET, [b"short"])
