"""From the corpus to a tokenizer and one long row of tokens."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from training.causal_lm.recipes import CONTEXT, VOCABULARY
from training.evidence.corpus import documents

START = "<|endoftext|>"
# What the service meets: retrieved pages, manuals and chat more than novels.
SHARES = {
    "wikipedia": 0.26,
    "techdocs": 0.17,
    "dialogue": 0.13,
    "books": 0.10,
    "gov_news": 0.09,
    "code": 0.08,
    "medical": 0.06,
    "json_logs": 0.05,
    "law_dc": 0.03,
    "law_cfpb": 0.01,
    "html": 0.02,
}
_LONGEST_DOCUMENT = 40_000
_TOKENIZER_BYTES = 30_000_000
_HELD_OUT_EVERY = 200


def prepare(corpus: Path, folder: Path, megabytes: int, seed: int) -> None:
    """Write tokenizer.json, tokenizer_config.json, train.npy and held_out.npy, unless they are there already.

    Both rows are uint16 with the start token before each document. Documents are drawn from the whole of each file, in the
    shares above, as far as the file has as many, and shuffled.
    """
    if (folder / "held_out.npy").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [
        text for name, share in SHARES.items() for text in _draw(corpus / f"{name}.txt.xz", share * megabytes * 1e6, seed)
    ]
    random.Random(seed).shuffle(drawn)
    if not drawn:
        raise SystemExit(f"no corpus file in {corpus}; looked for {', '.join(f'{name}.txt.xz' for name in SHARES)}")
    print(f"{len(drawn)} documents, {sum(map(len, drawn)) / 1e6:.0f} million characters", flush=True)
    tokenizer = train_tokenizer(drawn)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": START,
                "eos_token": START,
                "model_max_length": CONTEXT,
                "clean_up_tokenization_spaces": False,
            },
            indent=1,
        )
    )
    held_out, train = drawn[::_HELD_OUT_EVERY], [text for i, text in enumerate(drawn) if i % _HELD_OUT_EVERY]
    np.save(folder / "train.npy", _encode(tokenizer, train))
    np.save(folder / "held_out.npy", _encode(tokenizer, held_out))


def train_tokenizer(texts: list[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """Byte-level BPE, so that any text is made of its tokens and comes back from them unchanged."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        # Digits one by one: numbers are facts, and a small model cannot learn what each of a thousand pairs stands for.
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[START],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    size, sample = 0, []
    for text in texts:
        sample.append(text)
        size += len(text)
        if size > _TOKENIZER_BYTES:
            break
    tokenizer.train_from_iterator(sample, trainer)
    tokenizer.encode_special_tokens = True
    return tokenizer


def _draw(path: Path, wanted: float, seed: int) -> Iterator[str]:
    """Documents from all over a file that together have about `wanted` characters; long ones are cut."""
    if not path.exists():
        return
    random_ = random.Random(f"{seed}/{path.name}")
    # xz texts of these corpora are about 4.7 times their file.
    share = min(1.0, 1.1 * wanted / (4.7 * path.stat().st_size))
    taken = 0
    for text in documents(path):
        for at in range(0, len(text), _LONGEST_DOCUMENT):
            if random_.random() < share:
                piece = text[at : at + _LONGEST_DOCUMENT]
                taken += len(piece)
                yield piece
        if taken > wanted:
            return


def _encode(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    start = tokenizer.token_to_id(START)
    pieces = []
    for at in range(0, len(texts), 256):
        for encoding in tokenizer.encode_batch(texts[at : at + 256], add_special_tokens=False):
            pieces.append(np.asarray([start, *encoding.ids], dtype=np.uint16))
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.uint16)
