"""From a setting to an encoder."""

from pathlib import Path

from promptpress.backends.encoder.base import Encoder

EMBEDDED = "embedded"


def load_encoder(setting: str, threads: int | None = None, precision: str = "int8") -> Encoder:
    """`embedded`, a local folder, or a Hugging Face id. Only the last two import torch; only the first heeds
    `precision`. Raises ModelUnavailable."""
    if setting == EMBEDDED:
        from promptpress.backends.encoder.embedded import EmbeddedEncoder

        return EmbeddedEncoder(threads, precision)
    from promptpress.backends.encoder.hugging_face import HuggingFaceEncoder

    return HuggingFaceEncoder(str(Path(setting).expanduser()) if Path(setting).expanduser().exists() else setting, threads)
