"""Files and folders that settings name are looked for before anything is started."""

import re
from collections.abc import Iterator
from pathlib import Path

from promptpress_service.settings.report import variable_of
from promptpress_service.settings.settings import Settings, SettingsError

# `name` or `organisation/name`; anything else can only be a path.
_HUGGING_FACE_ID = re.compile(r"(?!\.{1,2}(/|$))[\w.-]+(/[\w.-]+)?")


def check_model_paths(settings: Settings) -> None:
    """Find every model and tokenizer that is given as a path. Raises SettingsError naming the first that does not exist."""
    for setting, model in _models(settings):
        if is_path(model) and not Path(model).expanduser().exists():
            raise SettingsError(f"{variable_of(setting)}: there is no folder {model}")
    for name, path in settings.tokenizers.items():
        if not path.expanduser().exists():
            raise SettingsError(f"{variable_of('tokenizers')}: there is no file {path}, which {name} names")


def is_path(model: str) -> bool:
    """Whether a model's name can only be a path of this machine, and not the id of one at Hugging Face."""
    return not _HUGGING_FACE_ID.fullmatch(model)


def _models(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "encoder", settings.encoder
    yield "causal_lm", settings.causal_lm
    yield "causal_lm_small", settings.causal_lm_small
    if settings.rewriter_url is None:
        yield "rewriter_model", settings.rewriter_model
