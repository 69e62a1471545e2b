import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress.backends.encoder import embedded
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.encoder.embedded import EmbeddedEncoder
from promptpress.backends.encoder.late_chunking import PassageVectors, passage_vectors, text_vectors
from promptpress.content import segment
from tests.conftest import PROSE

TEXTS = [PROSE, "Short.", "Another short text.", PROSE[:300], "你好，世界。", "x" * 2000]


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


class CountingEncoder:
    """Counts the tokens that go through a real encoder."""

    def __init__(self, encoder: EmbeddedEncoder) -> None:
        self.name, self.window, self.tokenize = encoder.name, encoder.window, encoder.tokenize
        self._states = encoder.states
        self.dimension = encoder.dimension
        self.tokens = 0

    def states(self, sequences):  # type: ignore[no-untyped-def]
        self.tokens += sum(len(sequence) for sequence in sequences)
        return self._states(sequences)


def test_a_sequence_is_bit_for_bit_the_same_alone_and_in_company(encoder: EmbeddedEncoder) -> None:
    sequences = [tokens.ids[:200] for tokens in encoder.tokenize(TEXTS * 3)]
    together = encoder.states(sequences)
    for sequence, states in zip(sequences, together, strict=True):
        assert np.array_equal(encoder.states([sequence])[0], states)


def test_threads_change_nothing(encoder: EmbeddedEncoder) -> None:
    sequences = [tokens.ids[:200] for tokens in encoder.tokenize(TEXTS)]
    for one, many in zip(EmbeddedEncoder(threads=1).states(sequences), encoder.states(sequences), strict=True):
        assert np.array_equal(one, many)


def test_int8_is_close_to_fp32(encoder: EmbeddedEncoder) -> None:
    exact = EmbeddedEncoder(precision="fp32")
    sentences = [PROSE[unit.start : unit.end] for unit in segment(PROSE).units]
    similarity = (text_vectors(encoder, sentences) * text_vectors(exact, sentences)).sum(axis=1)
    assert similarity.min() > 0.985


def test_fp32_is_the_published_model() -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModel

    from promptpress.backends.encoder.embedded import model_folder

    encoder = EmbeddedEncoder(precision="fp32")
    ids = encoder.tokenize([PROSE])[0].ids[:200]
    model = AutoModel.from_pretrained(model_folder())
    with torch.inference_mode():
        expected = model(torch.tensor([[101, *ids.tolist(), 102]])).last_hidden_state[0, 1:-1].numpy()
    assert np.abs(encoder.states([ids])[0] - expected).max() < 1e-4


def test_meaning_orders_sentences(encoder: EmbeddedEncoder) -> None:
    query, near, far = text_vectors(
        encoder, ["Which ship did he sail on?", "His vessel was called Fram.", "Bread is baked at night."]
    )
    assert query @ near > query @ far + 0.2


def test_seen_passages_cost_no_model_run_and_give_the_same_vectors(encoder: EmbeddedEncoder) -> None:
    counting, cache = CountingEncoder(encoder), LruVectorCache()
    passages = [segment(PROSE, "Amundsen"), segment("Short. Text.")]
    first = passage_vectors(counting, passages, cache)
    cost = counting.tokens
    second = passage_vectors(counting, passages, cache)
    assert cost > 100
    assert counting.tokens == cost
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.units, other.units)


def test_repeated_passages_are_encoded_once(encoder: EmbeddedEncoder) -> None:
    once, twice = CountingEncoder(encoder), CountingEncoder(encoder)
    passage_vectors(once, [segment(PROSE)], None)
    passage_vectors(twice, [segment(PROSE), segment(PROSE)], None)
    assert once.tokens == twice.tokens


def test_neighbouring_passages_do_not_change_a_passage(encoder: EmbeddedEncoder) -> None:
    alone = passage_vectors(encoder, [segment(PROSE, "Amundsen")], None)[0]
    together = passage_vectors(encoder, [segment(text) for text in TEXTS] + [segment(PROSE, "Amundsen")], None)[-1]
    assert np.array_equal(alone.units, together.units)
    assert np.array_equal(alone.passage, together.passage)


def test_every_unit_of_a_long_passage_has_a_vector(encoder: EmbeddedEncoder) -> None:
    passage = segment((PROSE + "\n\n") * 8 + "```\n" + "code(x)\n" * 400 + "```")
    vectors = passage_vectors(encoder, [passage], None)[0]
    lengths = np.linalg.norm(vectors.units.astype(np.float32), axis=1)
    assert len(vectors.units) == len(passage.units)
    assert np.allclose(lengths, 1, atol=0.01)


def test_the_cache_forgets_the_oldest_when_full() -> None:
    vectors = PassageVectors(np.zeros((10, 384), np.float16), np.zeros(384, np.float16))
    cache = LruVectorCache(max_bytes=3 * vectors.nbytes)
    for key in (b"a", b"b", b"c"):
        cache.put(key, vectors)
    assert cache.get(b"a")
    cache.put(b"d", vectors)
    assert cache.get(b"b") is None
    assert cache.get(b"a")
    assert cache.get(b"d")


@given(
    st.lists(
        st.sampled_from(
            ["word", "É", "\n", "\u3000", "你好", "a\u0300", "\u0301", "[SEP]", "x-y,", "\u200b", "ﬁ", " ", "か"]
        )
    ),
    st.integers(1, 12),
)
def test_a_text_is_tokenised_alike_whole_and_in_pieces(encoder: EmbeddedEncoder, parts: list[str], piece: int) -> None:
    text = "".join(parts)
    whole = encoder._tokenizer.encode(text, add_special_tokens=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_PIECE", piece)
        both = encoder.tokenize([text, "", text])
    for tokens in (both[0], both[2]):
        assert tokens.ids.tolist() == whole.ids
        assert tokens.starts.tolist() == [start for start, _ in whole.offsets]
