"""Is the sentence that answers the question kept, wherever it stands in a long text?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from promptpress import CompressionRequest, Compressor
from promptpress.backends.attention_heads.probes import Probe, make_probes

LENGTHS = (500, 1000, 2000, 4000, 8000)
"""Tokens."""
PROBES = 40
"""Of each length, the needle at depths spread evenly."""
RATIO = 0.2
_CHARACTERS_PER_TOKEN = 4
_SEED = 7


@dataclass(frozen=True)
class Needles:
    """Kept needles of PROBES at each of LENGTHS; `name` is the method with its options."""

    name: str
    kept: dict[int, int]

    @property
    def share(self) -> float:
        """Of all probes."""
        return sum(self.kept.values()) / (PROBES * len(self.kept))


def probes(length: int) -> list[Probe]:
    """The probes of one length, other ones than those that heads are found with."""
    return make_probes(PROBES, _CHARACTERS_PER_TOKEN * length, _SEED)


def measure(
    compressor: Compressor,
    name: str,
    method: str,
    options: dict[str, Any],
    lengths: Sequence[int],
    *,
    progress: Callable[[], None],
) -> Needles:
    """Compress every probe to RATIO and check that the whole needle is still there."""
    kept = {}
    for length in lengths:
        found = 0
        for probe in probes(length):
            request = CompressionRequest(
                text=probe.text, query=probe.question, target_ratio=RATIO, method=method, options=options
            )
            text = compressor.compress(request).text or ""
            found += probe.text[slice(*probe.evidence)] in text
            progress()
        kept[length] = found
    return Needles(name, kept)
