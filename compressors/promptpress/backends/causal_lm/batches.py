"""Which sequences run together: those of like length, up to a number of tokens."""

from collections.abc import Sequence

TOKENS = 8192
"""Most tokens of one run, padding included."""
_FEW, _LIKE = 256, 0.8
"""A run of fewer tokens costs as much as one of these; in a larger one a sequence shorter than this share of the longest
would cost more in padding than in a run of its own."""


def batches(lengths: Sequence[int], most_tokens: int = TOKENS) -> list[list[int]]:
    """Indices of sequences in batches of at most `most_tokens`, the longest times their number; the longest first.

    A sequence longer than that is a batch of its own.
    """
    found: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if found:
            longest = lengths[found[-1][0]]
            size = longest * (len(found[-1]) + 1)
            if size <= most_tokens and (size <= _FEW or lengths[index] >= _LIKE * longest):
                found[-1].append(index)
                continue
        found.append([index])
    return found
