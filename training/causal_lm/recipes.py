"""Sizes and rates of a training run: one that fits an afternoon of two CPU cores, one for a GPU."""

from dataclasses import dataclass

VOCABULARY = 8192
CONTEXT = 2048


@dataclass(frozen=True)
class Recipe:
    """`batch` sequences of `length` tokens a step; in the last `long_share` of the steps as many tokens in sequences of
    CONTEXT. `recall_share` of the rows are recall tasks. `megabytes`: text read from the corpus.
    """

    hidden: int
    feed_forward: int
    layers: int
    heads: int
    key_heads: int
    batch: int
    length: int
    steps: int
    rate: float
    megabytes: int
    long_share: float = 0.15
    recall_share: float = 0.4
    exit_weight: float = 0.2

    @property
    def exit_layer(self) -> int:
        """Layers after which the model must predict on its own too: the small model of DSPC's fine stage."""
        return max(1, self.layers // 3)


RECIPES = {
    "cpu": Recipe(256, 704, 6, 8, 4, batch=8, length=512, steps=6000, rate=2e-3, megabytes=120),
    "gpu": Recipe(512, 1408, 12, 8, 4, batch=64, length=1024, steps=12_000, rate=1e-3, megabytes=475),
    "smoke": Recipe(64, 176, 3, 4, 2, batch=4, length=128, steps=60, rate=3e-3, megabytes=2),
}
