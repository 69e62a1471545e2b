"""From settings to models, each loaded when it is first asked for and once in a process."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from compressors.encoder.late_pooling import VectorCache
from compressors.encoder.loading import EMBEDDED, load_encoder
from compressors.evidence.reader import EvidenceReader
from compressors.methods.base import Models, ScoreCache
from compressors.rewriting.cache import RewriteCache
from compressors.rewriting.loading import RewriterSettings, load_rewriter

ModelT = TypeVar("ModelT")


class Lazy(Generic[ModelT]):
    """Calls `load` on the first call and gives the same result ever after; callable from any thread."""

    def __init__(self, load: Callable[[], ModelT]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self.loaded: ModelT | None = None

    def __call__(self) -> ModelT:
        """The model. Raises ModelUnavailable if it cannot be loaded."""
        with self._lock:
            if self.loaded is None:
                self.loaded = self._load()
            return self.loaded


class ModelLoader:
    """The models of a process. `encoder` is `embedded`, a local folder or a Hugging Face id."""

    def __init__(
        self, encoder: str = EMBEDDED, threads: int | None = None, rewriter: RewriterSettings | None = None
    ) -> None:
        self.encoder = Lazy(lambda: load_encoder(encoder, threads))
        self.evidence = Lazy(lambda: EvidenceReader(threads))
        self.rewriter = Lazy(lambda: load_rewriter(rewriter or RewriterSettings(), threads))

    def models(
        self,
        vectors: VectorCache | None = None,
        scores: ScoreCache | None = None,
        rewrites: RewriteCache | None = None,
    ) -> Models:
        """What methods are given: these models with the caches of one compressor."""
        return Models(self.encoder, self.evidence, self.rewriter, vectors, scores, rewrites)

    def close(self) -> None:
        """Close connections that a loaded rewriter holds."""
        if self.rewriter.loaded is not None:
            self.rewriter.loaded.close()
