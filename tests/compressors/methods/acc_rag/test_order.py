import numpy as np
from numpy.typing import NDArray

from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress.backends.loader import ModelLoader
from promptpress.content import segment
from promptpress.methods.acc_rag.order import importance, of_units
from promptpress.pipeline.score_cache import LruScoreCache
from promptpress.scores import Scored
from tests.conftest import PROSE


def unit(*values: float) -> NDArray[np.float64]:
    vector = np.asarray(values)
    return np.asarray(vector / np.linalg.norm(vector))


def test_what_repeats_comes_after_what_is_new() -> None:
    central, again, other = unit(1, 0.2), unit(1, 0.2), unit(0.5, 1)
    vectors = PassageVectors(np.stack([central, again, other]).astype(np.float16), unit(1, 0.4).astype(np.float16))
    values = of_units(vectors)
    assert values[0] > values[2] > values[1]


def test_each_document_has_its_order_whatever_stands_beside_it() -> None:
    encoder = ModelLoader().encoder()
    first, second = segment(PROSE, "Roald Amundsen"), segment("Bread is baked. Flour is milled. Bakers rise early.")
    both = importance(encoder, [first, second], None, None)
    assert np.array_equal(both[0], importance(encoder, [first], None, None)[0])
    assert len(set(both[0].tolist())) == len(first.units)


def test_an_order_is_made_once() -> None:
    class Counting(LruScoreCache):
        puts = 0

        def put(self, key: bytes, scored: Scored) -> None:
            Counting.puts += 1
            super().put(key, scored)

    encoder, known = ModelLoader().encoder(), Counting()
    passages = [segment(PROSE), segment(PROSE), segment("Another text. It is short.")]
    cold = importance(encoder, passages, None, known)
    warm = importance(encoder, passages, None, known)
    assert Counting.puts == 2
    assert all(np.array_equal(a, b) for a, b in zip(cold, warm, strict=True))
