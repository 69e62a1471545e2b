"""From settings to evaluator heads."""

from collections.abc import Callable
from pathlib import Path

from promptpress.backends.attention_heads.base import Evaluator
from promptpress.backends.attention_heads.profile import HeadProfile, published, read_profile
from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.model_source import EMBEDDED


def load_evaluator(kind: str, causal_lm: Callable[[], CausalLM], setting: str, file: Path | None) -> Evaluator:
    """The evaluator heads of the `encoder`, or of the `causal_lm`, whose setting is `setting`.

    The latter's are those of `file`, else the published ones, else those kept with the embedded model; a model may have
    none that are known. Raises ModelUnavailable.
    """
    if kind == "encoder":
        from promptpress.backends.attention_heads.encoder import EncoderEvaluator

        return EncoderEvaluator()
    from promptpress.backends.attention_heads.causal import CausalEvaluator

    return CausalEvaluator(causal_lm(), _profile(setting, file))


def _profile(setting: str, file: Path | None) -> HeadProfile | None:
    if file is not None:
        return read_profile(file)
    kept = embedded.FOLDER / "heads.json"
    if setting == EMBEDDED and kept.exists():
        return read_profile(kept)
    return published(setting)
