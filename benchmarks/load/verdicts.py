"""What is promised, and whether it was kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.load.timing import Answer

LEAST_HIT_SHARE = 0.6
MOST_SLOWDOWN = 2.0
MOST_GROWTH = 1.05


@dataclass(frozen=True)
class Verdict:
    """One promise, what was measured, and whether that keeps it."""

    promise: str
    measured: str
    kept: bool


def verdicts(hit_share: float, answers: Iterable[Answer], slowdown: float, growth: float, queued: float) -> list[Verdict]:
    """All of them. `answers` are those of the overload; a figure that could not be measured (NaN) keeps nothing."""
    other = [each for each in answers if each.status != 200 and not (each.status == 429 and each.retry_after)]
    return [
        Verdict(
            f"cached answers at {LEAST_HIT_SHARE:.0%} or more of a bare FastAPI route",
            f"{hit_share:.0%}",
            hit_share >= LEAST_HIT_SHARE,
        ),
        Verdict("under overload every answer is 200, or 429 with Retry-After", f"{len(other)} others", not other),
        Verdict(
            f"under overload the p99 of accepted requests is at most {MOST_SLOWDOWN:g} times that of low load",
            f"{slowdown:.2f} times",
            slowdown <= MOST_SLOWDOWN,
        ),
        Verdict(
            f"under overload memory grows by at most {MOST_GROWTH - 1:.0%}", f"{growth - 1:+.1%}", growth <= MOST_GROWTH
        ),
        Verdict("after overload the queue is empty", f"{queued:g} left", queued == 0),
    ]
