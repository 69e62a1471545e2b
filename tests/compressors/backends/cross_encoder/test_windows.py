import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptpress.backends.cross_encoder.windows import QUERY_TOKENS, query_tokens, windows
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from promptpress.backends.windows import token_owners
from promptpress.content import segment
from tests.conftest import PROSE


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


SENTENCES = st.lists(st.sampled_from(["It rained.", "Nobody came to " + "the long " * 30 + "meeting.", "Why?", "x" * 90]))


@given(sentences=SENTENCES, room=st.integers(8, 200))
@settings(deadline=None, max_examples=50)
def test_windows_hold_every_token_of_every_unit_once_and_in_order(
    encoder: EmbeddedEncoder, sentences: list[str], room: int
) -> None:
    passage = segment(" ".join(sentences))
    (tokens,) = encoder.tokenize([passage.text])
    found = windows(passage, tokens, room)
    owners = token_owners(passage, tokens)
    wanted = tokens.ids[owners >= 0]
    assert np.array_equal(np.concatenate([w.ids for w in found] or [wanted[:0]]), wanted)
    assert all(0 < len(w.ids) <= room and len(w.ids) == len(w.owners) for w in found)


def test_a_unit_that_fits_is_never_divided(encoder: EmbeddedEncoder) -> None:
    passage = segment(PROSE)
    (tokens,) = encoder.tokenize([passage.text])
    sizes = np.bincount(token_owners(passage, tokens)[token_owners(passage, tokens) >= 0])
    room = int(sizes.max())
    found = windows(passage, tokens, room)
    homes = [{int(u) for u in w.owners} for w in found]
    assert len(found) > 1
    assert sum(len(h) for h in homes) == len(passage.units)


@given(length=st.integers(0, 300))
def test_of_a_long_query_both_ends_are_read(length: int) -> None:
    ids = np.arange(length, dtype=np.int32)
    read = query_tokens(ids)
    assert len(read) == min(length, QUERY_TOKENS)
    assert read.tolist() == sorted(set(read.tolist()))
    assert {0, length - 1} <= set(read.tolist()) or not length
