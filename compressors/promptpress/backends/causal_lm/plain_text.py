"""Makes tokenizers read all of a text as plain text, even what is spelled like a special token."""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from promptpress.text.tokens import Tokens


def reads_plain_text(tokenizer: Tokenizer) -> Tokenizer:
    """Make a tokenizer take special tokens that are written in a text for characters, and texts as long as they are."""
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokens_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Tokens of each text, none added."""
    found = []
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        offsets = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        found.append(Tokens(np.asarray(encoding.ids, dtype=np.int64), offsets[:, 0], offsets[:, 1]))
    return found
