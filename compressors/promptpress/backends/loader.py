"""From settings to models, each loaded when it is first asked for and once in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.loading import EARLY_EXIT, CausalLMSettings, load_causal_lm
from promptpress.backends.encoder.loading import load_encoder
from promptpress.backends.model_source import EMBEDDED
from promptpress.backends.models import EvaluatorKind, Models
from promptpress.backends.rewriter.loading import RewriterSettings, load_rewriter

if TYPE_CHECKING:
    # Types only: an import of the library must not load ONNX Runtime.
    from promptpress.backends.attention_heads.base import Evaluator
    from promptpress.backends.causal_lm.base import CausalLM
    from promptpress.backends.cross_encoder.model import CrossEncoder
    from promptpress.backends.encoder.late_chunking import VectorCache
    from promptpress.backends.rewriter.cache import RewriteCache
    from promptpress.scores import ScoreCache

ModelT = TypeVar("ModelT")


class Lazy(Generic[ModelT]):
    """Calls `load` on the first call and returns the same result from then on; callable from any thread."""

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
        self.evidence = Lazy(partial(_load_evidence, threads, precision))
        self.rewriter = Lazy(lambda: load_rewriter(rewriter or RewriterSettings(), threads))
        self._lm = causal_lm or CausalLMSettings()
        self._threads = threads
        self.causal_lm = Lazy(self._load_causal_lm)
        self._small = Lazy(lambda: load_causal_lm(self._lm.small, threads, self._lm.window, "causal_lm_small"))
        kinds: tuple[EvaluatorKind, ...] = ("causal_lm", "encoder")
        self._evaluators = {kind: Lazy(partial(self._load_evaluator, kind)) for kind in kinds}

    def models(
        self,
        vectors: VectorCache | None = None,
        scores: ScoreCache | None = None,
        rewrites: RewriteCache | None = None,
    ) -> Models:
        """What methods are given: these models with the caches of one compressor."""
        return Models(
            encoder=self.encoder,
            evidence=self.evidence,
            rewriter=self.rewriter,
            causal_lm=self.causal_lm,
            small_lm=self._small_lm,
            evaluator=self._evaluator,
            causal_lm_name=self._causal_lm_name,
            has_causal_lm=self._lm.available,
            vectors=vectors,
            scores=scores,
            rewrites=rewrites,
        )

    def _load_causal_lm(self) -> CausalLM:
        self._lm.require()
        return load_causal_lm(self._lm.model, self._threads, self._lm.window)

    def _causal_lm_name(self) -> str:
        self._lm.require()
        return embedded.embedded_name() if self._lm.model == EMBEDDED else self.causal_lm().name

    def _small_lm(self) -> CausalLM | None:
        return None if self._lm.small == EARLY_EXIT else self._small()

    def _evaluator(self, kind: EvaluatorKind) -> Evaluator:
        return self._evaluators[kind]()

    def _load_evaluator(self, kind: EvaluatorKind) -> Evaluator:
        from promptpress.backends.attention_heads.loading import load_evaluator

        return load_evaluator(kind, self.causal_lm, self._lm.model, self._lm.heads)

    def load_chosen(self) -> None:
        """Load the language models that settings name, so that a wrong one stops the start. Raises ModelUnavailable."""
        if self._lm.model != EMBEDDED or self._lm.heads is not None:
            self._evaluator("causal_lm")
        if self._lm.model != EMBEDDED and self._lm.small != EARLY_EXIT:
            self._small()

    def close(self) -> None:
        """Close the connections of a rewriter that was loaded."""
        if self.rewriter.loaded is not None:
            self.rewriter.loaded.close()


def _load_evidence(threads: int | None, precision: str) -> CrossEncoder:
    from promptpress.backends.cross_encoder.model import CrossEncoder

    return CrossEncoder(threads, precision)
