"""Models and counters that remember what they have computed, so that other weights run no model again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from promptpress.arrays import Float32Array, Int32Array
from promptpress.backends.cross_encoder.model import CrossEncoder, WindowScores
from promptpress.backends.cross_encoder.windows import Window
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.tokenized import Tokenized
from promptpress.text.tokenization import TokenCounter


class RememberingEncoder:
    """An Encoder that tokenizes each text once. States are not kept: vectors of passages have a cache of their own."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.window, self.dimension = encoder.name, encoder.window, encoder.dimension
        self._tokens: dict[str, Tokenized] = {}

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """See Encoder.tokenize."""
        new = [text for text in dict.fromkeys(texts) if text not in self._tokens]
        if new:
            self._tokens.update(zip(new, self._encoder.tokenize(new), strict=True))
        return [self._tokens[text] for text in texts]

    def states(self, sequences: Sequence[Int32Array]) -> list[Float32Array]:
        """See Encoder.states."""
        return self._encoder.states(sequences)


class RememberingCrossEncoder(CrossEncoder):
    """A CrossEncoder that reads each window beside each question once; a window's scores do not depend on the others."""

    def __init__(self, threads: int | None = None, precision: str = "int8") -> None:
        super().__init__(threads, precision)
        self._scores: dict[tuple[bytes, bytes, bytes], WindowScores] = {}

    def score(self, query: Int32Array, windows: Sequence[tuple[Int32Array, Window]]) -> list[WindowScores]:
        """See CrossEncoder.score."""
        question = query.tobytes()
        keys = [(question, title.tobytes(), w.ids.tobytes() + w.owners.tobytes()) for title, w in windows]
        new = [index for index, key in enumerate(keys) if key not in self._scores]
        for index, scores in zip(new, super().score(query, [windows[i] for i in new]), strict=True):
            self._scores[keys[index]] = scores
        return [self._scores[key] for key in keys]


@dataclass(frozen=True)
class RememberingCounter(TokenCounter):
    """A TokenCounter that counts each text once."""

    counts: dict[str, int] = field(default_factory=dict)

    def count(self, text: str) -> int:
        """See TokenCounter.count."""
        if text not in self.counts:
            self.counts[text] = super().count(text)
        return self.counts[text]
