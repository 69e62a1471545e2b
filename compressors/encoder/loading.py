"""From a setting to an encoder, loaded once in a process."""

import threading
from pathlib import Path

from compressors.encoder.base import Encoder

EMBEDDED = "embedded"


class LazyEncoder:
    """Loads the encoder when it is first asked for; callable from any thread."""

    def __init__(self, setting: str = EMBEDDED, threads: int | None = None) -> None:
        self._setting = setting
        self._threads = threads
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None

    def __call__(self) -> Encoder:
        """The encoder. Raises ModelUnavailable if the setting names none that can be loaded."""
        with self._lock:
            if self._encoder is None:
                self._encoder = load_encoder(self._setting, self._threads)
            return self._encoder


def load_encoder(setting: str, threads: int | None = None) -> Encoder:
    """`embedded`, a local folder, or a Hugging Face id. Only the last two import torch. Raises ModelUnavailable."""
    if setting == EMBEDDED:
        from compressors.encoder.embedded import EmbeddedEncoder

        return EmbeddedEncoder(threads)
    from compressors.encoder.hugging_face import HuggingFaceEncoder

    return HuggingFaceEncoder(str(Path(setting).expanduser()) if Path(setting).expanduser().exists() else setting, threads)
