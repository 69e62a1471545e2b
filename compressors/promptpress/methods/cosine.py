"""Plain embedding similarity of each sentence on its own; the baseline for the methods that see context."""

from collections.abc import Sequence

import numpy as np

from promptpress.arrays import Float32Array
from promptpress.backends.encoder.late_chunking import text_vectors
from promptpress.backends.models import ModelRole
from promptpress.content import Passage
from promptpress.methods.base import Method, NoOptions
from promptpress.scores import Scored, per_passage

# Long requests are encoded in slices of this many units, so that token states never pile up.
_SLICE = 2048


class Cosine(Method[NoOptions]):
    """Keeps the sentences whose own embedding, title included, is nearest to the query's."""

    name = "cosine"
    summary = "Embedding similarity of each sentence alone, with its title. A baseline; `dspc` is faster and mostly better."
    query_use = "required"
    model_roles = (ModelRole.ENCODER,)

    def score(self, passages: Sequence[Passage], query: str | None, options: NoOptions) -> Scored:
        """score(s_i) = cos(query, title + s_i)."""
        encoder = self._models.encoder()
        wanted = text_vectors(encoder, [query or ""])[0]
        texts = [f"{p.title}\n{p.slice(i)}" if p.title else p.slice(i) for p in passages for i in range(len(p.units))]
        flat: list[Float32Array] = [
            text_vectors(encoder, texts[at : at + _SLICE]) @ wanted for at in range(0, len(texts), _SLICE)
        ]
        scores = np.concatenate(flat) if flat else np.empty(0, dtype=np.float32)
        return Scored(per_passage(passages, scores.astype(np.float32)))
