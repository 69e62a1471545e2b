"""Which sequences run together: those of like length, up to a number of tokens."""

from collections.abc import Sequence

TOKENS = 8192
"""Most tokens of one run, padding included."""


def batches(lengths: Sequence[int], most_tokens: int = TOKENS) -> list[list[int]]:
    """Indices of sequences in batches of at most `most_tokens`, the longest times their number; the longest first.

    A sequence longer than that is a batch of its own.
    """
    found: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if found and lengths[found[-1][0]] * (len(found[-1]) + 1) <= most_tokens:
            found[-1].append(index)
        else:
            found.append([index])
    return found
