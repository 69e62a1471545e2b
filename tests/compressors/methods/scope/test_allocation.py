import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress.backends.rewriter.base import Draft
from promptpress.backends.rewriter.cache import LruRewriteCache, pack, unpack
from promptpress.content import Replacement, segment
from promptpress.methods.scope.allocation import redundancy, water_fill
from promptpress.methods.scope.chunking import LARGEST, chunk
from promptpress.text.tokenization import counter_for
from tests.strategies import any_text

chunks = st.lists(
    st.tuples(st.floats(0.01, 500), st.integers(1, 400), st.sampled_from([0.0, 0.0, 0.5])), min_size=1, max_size=30
)


@given(chunks=chunks, ratio=st.floats(0.05, 1.0))
def test_shares_spend_no_more_than_there_is(chunks: list[tuple[float, int, float]], ratio: float) -> None:
    worth, lengths, floors = (list(column) for column in zip(*chunks, strict=True))
    total = ratio * sum(lengths)
    shares = water_fill(np.asarray(worth), lengths, floors, total, 0.1)
    forced = sum(f * n for f, n in zip(floors, lengths, strict=True))
    assert float(shares @ np.asarray(lengths)) <= max(total, forced) + 1e-6
    assert all(f <= k <= 1 for f, k in zip(floors, shares, strict=True))
    assert all(k == 0 or k >= 0.1 - 1e-9 for k in shares)


def test_shares_follow_the_worth() -> None:
    shares = water_fill(np.asarray([1.0, 2.0, 4.0]), [100, 100, 100], [0, 0, 0], 150, 0.1)
    assert shares[0] < shares[1] < shares[2] <= 1
    assert abs(float(shares.sum()) - 1.5) < 1e-6
    assert list(water_fill(np.asarray([1.0, 2.0]), [10, 10], [0, 0], 20, 0.1)) == [1, 1]


def test_a_repeated_chunk_is_redundant() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    assert list(redundancy(vectors)) == [0, 0, 1]


@given(text=any_text)
def test_every_unit_is_in_one_chunk(text: str) -> None:
    passage = segment(text)
    rng = np.random.default_rng(0)
    units = rng.normal(size=(len(passage.units), 8))
    vectors = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float16)
    found = chunk([passage], [PassageVectors(vectors, np.zeros(8, dtype=np.float16))], counter_for().count)
    assert [unit for each in found for unit in each.units] == list(range(len(passage.units)))
    assert all(each.tokens <= LARGEST or len(each.units) == 1 for each in found)


def test_rewrites_are_kept_and_the_oldest_goes() -> None:
    draft = Draft("short", [Replacement(0, 9, "short")])
    cache = LruRewriteCache(3 * (1 + len(pack(draft))))
    for key in (b"a", b"b", b"c"):
        cache.put(key, pack(draft))
    assert unpack(cache.get(b"a") or b"") == draft
    cache.put(b"d", pack(draft))
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None
