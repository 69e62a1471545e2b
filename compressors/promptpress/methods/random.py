"""Random choice: what a method must beat to have learnt anything."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from promptpress.content import Passage
from promptpress.methods.base import Method
from promptpress.scores import Scored


class RandomOptions(BaseModel):
    """Options of `random`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seed: int = Field(0, ge=0, le=2**63 - 1)


class Random(Method[RandomOptions]):
    """Keeps units at random, the same ones for the same text and seed."""

    name = "random"
    summary = "Keeps sentences at random, reproducibly. A baseline."
    query_use = "ignored"
    options_model: ClassVar[type[BaseModel]] = RandomOptions

    def score(self, passages: Sequence[Passage], query: str | None, options: RandomOptions) -> Scored:
        """Uniform scores, seeded by content so that a text's neighbours in a batch change nothing."""
        digest = hashlib.blake2b(str(options.seed).encode(), digest_size=8)
        for passage in passages:
            digest.update(hashlib.blake2b(passage.text.encode()).digest())
        generator = np.random.default_rng(int.from_bytes(digest.digest(), "little"))
        return Scored([generator.random(len(passage.units), dtype=np.float32) for passage in passages])
