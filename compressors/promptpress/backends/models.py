"""The models a method may ask for: their roles, and the bundle that every method is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # Types only: to list the methods must load neither ONNX Runtime nor a model.
    from promptpress.backends.attention_heads.base import Evaluator
    from promptpress.backends.causal_lm.base import CausalLM
    from promptpress.backends.cross_encoder.model import CrossEncoder
    from promptpress.backends.encoder.base import Encoder
    from promptpress.backends.encoder.late_chunking import VectorCache
    from promptpress.backends.rewriter.base import Rewriter
    from promptpress.backends.rewriter.cache import RewriteCache
    from promptpress.scores import ScoreCache

EvaluatorKind = Literal["causal_lm", "encoder"]
"""The kinds of model whose evaluator heads `ehpc` reads."""


class ModelRole(StrEnum):
    """What a model is for. A method names its roles in `model_roles`; the values are those of `GET /v1/methods`."""

    ENCODER = "encoder"
    """Sentence embeddings."""
    EVIDENCE = "evidence"
    """The cross-encoder that reads question and passage together."""
    REWRITER = "rewriter"
    """Writes text shorter."""
    CAUSAL_LM = "causal_lm"
    """A causal language model: losses and attention."""


@dataclass(frozen=True)
class Models:
    """Models a method may ask for, each loaded at the first call; and the caches of their work.

    The callables raise ModelUnavailable for a model that cannot be loaded.
    """

    encoder: Callable[[], Encoder]
    evidence: Callable[[], CrossEncoder]
    rewriter: Callable[[], Rewriter]
    causal_lm: Callable[[], CausalLM]
    small_lm: Callable[[], CausalLM | None]
    """The smaller model of a pair; None: the first layers of `causal_lm`."""
    evaluator: Callable[[EvaluatorKind], Evaluator]
    """Evaluator heads by the kind of model they are in."""
    causal_lm_name: Callable[[], str]
    """The name of the causal language model, found without loading it where that is possible."""
    has_causal_lm: bool
    """Whether there is a causal language model; without one, asking for it raises InvalidValue."""
    vectors: VectorCache | None = None
    scores: ScoreCache | None = None
    rewrites: RewriteCache | None = None

    def name_of(self, role: ModelRole) -> str:
        """Identifies the weights and the arithmetic of the model in a role; part of every cache key."""
        names: dict[ModelRole, Callable[[], str]] = {
            ModelRole.ENCODER: lambda: self.encoder().name,
            ModelRole.EVIDENCE: lambda: self.evidence().name,
            ModelRole.REWRITER: lambda: self.rewriter().name,
            ModelRole.CAUSAL_LM: self.causal_lm_name,
        }
        return names[role]()
