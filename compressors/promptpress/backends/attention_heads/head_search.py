"""Finds a model's evaluator heads (section 3 of EHPC), and tests whether they do what they are for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptpress.backends.attention_heads.causal import CausalEvaluator
from promptpress.backends.attention_heads.probes import Probe
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.backends.attention_heads.scoring import token_scores
from promptpress.backends.causal_lm.alignment import unit_scores
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.content import segment

LEAST_LIFT = 3.0
"""Evidence mass of the chosen heads over that of as many random ones, for the heads to be accepted."""
LEAST_KEPT = 0.95
"""Share of probes whose evidence is kept at KEPT_AT, for the heads to be accepted."""
KEPT_AT = 0.2

Progress = Callable[[], None]


@dataclass(frozen=True)
class Acceptance:
    """How heads did on probes that they were not chosen on."""

    lift: float
    kept: float

    @property
    def accepted(self) -> bool:
        """Whether both figures reach what is asked of them."""
        return self.lift >= LEAST_LIFT and self.kept >= LEAST_KEPT


def evidence_mass(model: CausalLM, probes: Sequence[Probe], progress: Progress = lambda: None) -> NDArray[np.float64]:
    """S (layers, heads): attention from the last token of text and question to the evidence, the mean over probes.

    Raises ValueError if a probe does not fit the model's window.
    """
    evaluator = CausalEvaluator(model, None)
    total = np.zeros((model.layers, model.heads))
    for probe in probes:
        (tokens,) = model.tokenize([probe.text])
        question = evaluator.question(probe.question)
        if len(tokens.ids) > evaluator.context_budget(question):
            raise ValueError(
                f"a probe has {len(tokens.ids)} tokens; the model's window has room for {evaluator.context_budget(question)}"
            )
        (read,) = model.attention([np.concatenate([tokens.ids, question])], range(model.layers), [1])
        start, end = probe.evidence
        inside = np.flatnonzero((tokens.starts < end) & (tokens.ends > start))
        total += read[:, :, inside].sum(axis=2)
        progress()
    return total / max(1, len(probes))


def choose(mass: NDArray[np.float64], heads: int) -> tuple[int, tuple[int, ...]]:
    """The layer with the largest sum, and its best heads, best first; never more than half of the layer's."""
    layer = int(mass.sum(axis=1).argmax())
    count = min(heads, max(1, mass.shape[1] // 2))
    return layer, tuple(int(head) for head in np.argsort(-mass[layer], kind="stable")[:count])


def try_heads(
    model: CausalLM, profile: HeadProfile, probes: Sequence[Probe], progress: Progress = lambda: None
) -> Acceptance:
    """The acceptance test, on probes that `choose` has not seen."""
    evaluator = CausalEvaluator(model, profile)
    mass = evidence_mass(model, probes, progress)
    kept = 0
    for probe in probes:
        passage = segment(probe.text)
        tokens, values = token_scores(evaluator, profile, [passage], probe.question)
        scores = unit_scores(passage, tokens[0], values[0])
        budget = KEPT_AT * len(probe.text)
        for unit in np.argsort(-scores, kind="stable"):
            here = passage.units[unit]
            budget -= here.end - here.start
            if budget < 0:
                break
            if here.start <= probe.evidence[0] and here.end >= probe.evidence[1]:
                kept += 1
                break
    lift = float(mass[profile.layer, list(profile.heads)].mean() / max(float(mass.mean()), 1e-12))
    return Acceptance(lift, kept / max(1, len(probes)))
