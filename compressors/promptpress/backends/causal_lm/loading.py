"""From settings to a causal language model."""

from dataclasses import dataclass
from pathlib import Path

from promptpress.backends.causal_lm import embedded
from promptpress.backends.causal_lm.base import CausalLM
from promptpress.backends.causal_lm.hugging_face import WINDOW, HuggingFaceCausalLM
from promptpress.backends.model_source import EMBEDDED, folder_or_id
from promptpress.errors import InvalidValue

EARLY_EXIT = "early_exit"
"""The setting of a small model that is the first layers of the large one."""


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
                "causal_lm to a local folder or a Hugging Face id, or choose another method",
                "method",
            )


def load_causal_lm(model: str, threads: int | None = None, window: int = WINDOW, setting: str = "causal_lm") -> CausalLM:
    """The model; loading it imports torch and transformers. Raises ModelUnavailable naming `setting`."""
    if model == EMBEDDED:
        name = embedded.embedded_name()
        return HuggingFaceCausalLM(str(embedded.FOLDER), threads, setting, window, name)
    return HuggingFaceCausalLM(folder_or_id(model), threads, setting, window)
