"""From a setting to an encoder."""

from promptpress.backends.encoder.base import Encoder
from promptpress.backends.model_source import EMBEDDED, folder_or_id


def load_encoder(setting: str, threads: int | None = None, precision: str = "int8") -> Encoder:
    """The encoder that `setting` names: `embedded`, a local folder, or a Hugging Face id.

    `precision` (`int8` or `fp32`) applies to the embedded one; the others need torch. Raises ModelUnavailable.
    """
    if setting == EMBEDDED:
        from promptpress.backends.encoder.embedded import EmbeddedEncoder

        return EmbeddedEncoder(threads, precision)
    from promptpress.backends.encoder.hugging_face import HuggingFaceEncoder

    return HuggingFaceEncoder(folder_or_id(setting), threads)
