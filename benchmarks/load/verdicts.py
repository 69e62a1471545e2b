"""What is promised, and whether it was kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.load.timing import Answer

LEAST_HIT_SHARE = 0.6
MOST_SLOWDOWN = 2.0
MOST_GROWTH = 1.05
LEAST_EXCESS = 1.5


class Overloaded(Protocol):
    """What is judged of an overload; see benchmarks.load.overload.Overload."""

    @property
    def excess(self) -> float: ...  # noqa: D102

    @property
    def slowdown(self) -> float: ...  # noqa: D102

    @property
    def growth(self) -> float: ...  # noqa: D102

    @property
    def queued(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Verdict:
    """One promise, what was measured, and whether that keeps it."""

    promise: str
    measured: str
    kept: bool


def verdicts(hit_share: float, answers: Iterable[Answer], heavy: Overloaded) -> list[Verdict]:
    """All of them. `answers` are those of the overload; a figure that could not be measured (NaN) keeps nothing."""
    other = [each for each in answers if each.status != 200 and not (each.status == 429 and each.retry_after)]
    return [
        Verdict(
            f"cached answers at {LEAST_HIT_SHARE:.0%} or more of a bare FastAPI route",
            f"{hit_share:.0%}",
            hit_share >= LEAST_HIT_SHARE,
        ),
        Verdict(
            f"the overload is one: at least {LEAST_EXCESS:g} times as many requests come as are accepted",
            f"{heavy.excess:.2f} times",
            heavy.excess >= LEAST_EXCESS,
        ),
        Verdict("under overload every answer is 200, or 429 with Retry-After", f"{len(other)} others", not other),
        Verdict(
            f"under overload the p99 of accepted requests is at most {MOST_SLOWDOWN:g} times that of low load",
            f"{heavy.slowdown:.2f} times",
            heavy.slowdown <= MOST_SLOWDOWN,
        ),
        Verdict(
            f"under overload memory grows by at most {MOST_GROWTH - 1:.0%}",
            f"{heavy.growth - 1:+.1%}",
            heavy.growth <= MOST_GROWTH,
        ),
        Verdict("after overload the queue is empty", f"{heavy.queued:g} left", heavy.queued == 0),
    ]
