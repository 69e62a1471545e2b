"""From settings to a causal language model."""

from dataclasses import dataclass
from pathlib import Path

from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.errors import InvalidValue

EMBEDDED = "embedded"
EARLY_EXIT = "early_exit"
WINDOW = 2048
"""Most tokens read together unless the setting says otherwise; attention grows with the square of it."""


@dataclass(frozen=True)
class CausalLMSettings:
    """`model` is `embedded`, a local folder or a Hugging Face id; `small` one of these, or `early_exit`: the first layers
    of `model`. `window`: most tokens read together. `heads`: a file of `model`'s evaluator heads.
    """

    model: str = EMBEDDED
    small: str = EARLY_EXIT
    window: int = WINDOW
    heads: Path | None = None

    @property
    def available(self) -> bool:
        """Whether there is a model to load: one was set, or this version of the package holds one."""
        return self.model != EMBEDDED or embedded.is_present()

    def require(self) -> None:
        """Raise InvalidValue, with the remedy, where there is no model to load."""
        if not self.available:
            raise InvalidValue(
                "this needs a causal language model and this version of the package holds none: set "
                "PROMPTPRESS_CAUSAL_LM to a local folder or a Hugging Face id, or choose another method",
                "method",
            )


def load_causal_lm(
    model: str, threads: int | None = None, window: int = WINDOW, setting: str = "PROMPTPRESS_CAUSAL_LM"
) -> CausalLM:
    """The model. Imports torch and transformers. Raises ModelUnavailable naming `setting`."""
    from promptpress.backends.causal_lm.hugging_face import HuggingFaceCausalLM

    if model == EMBEDDED:
        name = embedded.embedded_name()
        return HuggingFaceCausalLM(str(embedded.FOLDER), threads, setting, window, name)
    path = Path(model).expanduser()
    return HuggingFaceCausalLM(str(path) if path.exists() else model, threads, setting, window)
