"""From settings to models, each loaded when it is first asked for and once in a process."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.attention_heads.loading import load_evaluator
from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.causal_lm.loading import EARLY_EXIT, CausalLMSettings, load_causal_lm
from promptpress.backends.cross_encoder.model import CrossEncoder
from promptpress.backends.encoder.late_chunking import VectorCache
from promptpress.backends.encoder.loading import load_encoder
from promptpress.backends.model_source import EMBEDDED
from promptpress.backends.rewriter.cache import RewriteCache
from promptpress.backends.rewriter.loading import RewriterSettings, load_rewriter
from promptpress.methods.base import Models, ScoreCache

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
    """The models of a process. `encoder` is `embedded`, a local folder or a Hugging Face id; `precision`, of the embedded
    encoder and the evidence model, `int8` or `fp32`."""

    def __init__(
        self,
        encoder: str = EMBEDDED,
        threads: int | None = None,
        rewriter: RewriterSettings | None = None,
        causal_lm: CausalLMSettings | None = None,
        precision: str = "int8",
    ) -> None:
        self.encoder = Lazy(lambda: load_encoder(encoder, threads, precision))
        self.evidence = Lazy(lambda: CrossEncoder(threads, precision))
        self.rewriter = Lazy(lambda: load_rewriter(rewriter or RewriterSettings(), threads))
        self._lm = causal_lm or CausalLMSettings()
        self._threads = threads
        self.causal_lm = Lazy(self._load_causal_lm)
        self._small = Lazy(lambda: load_causal_lm(self._lm.small, threads, self._lm.window, "causal_lm_small"))
        self._evaluators = {
            kind: Lazy(partial(load_evaluator, kind, self.causal_lm, self._lm.model, self._lm.heads))
            for kind in ("causal_lm", "encoder")
        }

    def models(
        self,
        vectors: VectorCache | None = None,
        scores: ScoreCache | None = None,
        rewrites: RewriteCache | None = None,
    ) -> Models:
        """What methods are given: these models with the caches of one compressor."""
        return Models(
            self.encoder,
            self.evidence,
            self.rewriter,
            self.causal_lm,
            self._small_lm,
            self._evaluator,
            self._causal_lm_name,
            self._lm.available,
            vectors,
            scores,
            rewrites,
        )

    def _load_causal_lm(self) -> CausalLM:
        self._lm.require()
        return load_causal_lm(self._lm.model, self._threads, self._lm.window)

    def _causal_lm_name(self) -> str:
        self._lm.require()
        return embedded.embedded_name() if self._lm.model == EMBEDDED else self.causal_lm().name

    def _small_lm(self) -> CausalLM | None:
        return None if self._lm.small == EARLY_EXIT else self._small()

    def _evaluator(self, kind: str) -> Evaluator:
        return self._evaluators[kind]()

    def load_chosen(self) -> None:
        """Load the language models that settings name, so that a wrong one stops the start. Raises ModelUnavailable."""
        if self._lm.model != EMBEDDED or self._lm.heads is not None:
            self._evaluator("causal_lm")
        if self._lm.model != EMBEDDED and self._lm.small != EARLY_EXIT:
            self._small()

    def close(self) -> None:
        """Close connections that a loaded rewriter holds."""
        if self.rewriter.loaded is not None:
            self.rewriter.loaded.close()
