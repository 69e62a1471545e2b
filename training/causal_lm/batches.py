"""What each step trains on; the same for the same seed and step, so that a resumed run goes on as it would have."""

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.causal_lm import recall

_IGNORED = -100


class Batches:
    """Rows of text from the corpus, and among them rows of recall tasks."""

    def __init__(self, folder: Path, recall_share: float, seed: int) -> None:
        self._row: NDArray[np.uint16] = np.load(folder / "train.npy", mmap_mode="r")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.encode_special_tokens = True
        self._share, self._seed = recall_share, seed

    def batch(self, step: int, rows: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Input ids and labels of one step, both (rows, length); labels are the ids to predict, -100 where none is."""
        random_ = random.Random(f"{self._seed}/{step}")
        ids = np.empty((rows, length + 1), dtype=np.int64)
        wanted = np.ones((rows, length + 1), dtype=bool)
        for row in range(rows):
            if random_.random() < self._share:
                ids[row], wanted[row] = recall.row(random_, self.tokenizer, length, self.filler)
            else:
                at = random_.randrange(max(1, len(self._row) - length))
                piece = self._row[at : at + length]
                ids[row] = 0
                ids[row, 1 : len(piece) + 1] = piece
        labels = np.where(wanted, ids, _IGNORED)
        return ids[:, :-1], labels[:, 1:]

    def filler(self, random_: random.Random, characters: int) -> str:
        """A piece of the corpus of about that many characters."""
        at = random_.randrange(max(1, len(self._row) - characters))
        text = str(self.tokenizer.decode([i for i in self._row[at : at + max(8, characters // 3)].tolist() if i]))
        # A character may be cut at either end.
        return " ".join(text.replace("\ufffd", "").split())[: max(20, characters)]
