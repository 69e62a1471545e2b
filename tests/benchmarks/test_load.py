import math
from dataclasses import dataclass

import pytest

from benchmarks.load import table
from benchmarks.load.hits import Hits
from benchmarks.load.overload import Overload
from benchmarks.load.texts import mixed_tokens, text_of
from benchmarks.load.timing import Answer, Load, Timed, percentile
from benchmarks.load.verdicts import verdicts
from promptpress.text.tokenization import counter_for

REFUSED = Answer(429, retry_after=True)


def load(*seconds: float, answer: Answer = Answer(200)) -> Load:  # noqa: B008 - frozen
    return Load([Timed(0.0, each, answer) for each in seconds], 2.0, 0.001)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7], 0.99) == 7
    assert math.isnan(percentile([], 0.5))


def test_refused_requests_count_as_asked_and_not_as_served() -> None:
    both = Load([*load(0.1, 0.2).requests, *load(9.0, answer=REFUSED).requests], 2.0, 0.003)
    assert both.throughput == 1
    assert both.milliseconds(0.99) == 200
    assert both.summary()["requests"] == 3
    assert both.summary()["client_cpu_ms"] == 1


def test_texts_have_the_length_asked_for_and_differ() -> None:
    count = counter_for(None, None).count
    assert count(text_of(2500, 1)) == pytest.approx(2500, rel=0.1)
    assert text_of(60, 1) == text_of(60, 1) != text_of(60, 2)
    lengths = sorted(mixed_tokens(seed) for seed in range(1000))
    assert 300 < lengths[500] < 500
    assert 2000 < lengths[990] <= 3000


@dataclass
class Judged:
    slowdown: float = 1.9
    excess: float = 2.0
    growth: float = 1.01
    queued: float = 0


def kept(share: float = 0.7, answers: tuple[Answer, ...] = (Answer(200), REFUSED), **measured: float) -> list[bool]:
    return [each.kept for each in verdicts(share, answers, Judged(**measured))]


def test_each_promise_is_judged_by_itself() -> None:
    def broken(outcome: list[bool]) -> list[int]:
        return [index for index, each in enumerate(outcome) if not each]

    assert broken(kept()) == []
    assert broken(kept(share=0.59)) == [0]
    assert broken(kept(excess=1.2)) == [1]
    assert broken(kept(answers=(Answer(200), Answer(503)))) == broken(kept(answers=(Answer(429),))) == [2]
    assert broken(kept(slowdown=2.01)) == broken(kept(slowdown=math.nan)) == [3]
    assert broken(kept(growth=1.06)) == [4]
    assert broken(kept(queued=1)) == [5]


def test_growth_is_measured_once_buffers_are_warm() -> None:
    memory = [(float(at), 50.0 if at < 2 else 100.0) for at in range(10)]
    assert Overload(load(), load(1), load(1), 50, memory, 0).growth == 1
    assert Overload(load(), load(1), load(1), 50, [*memory, (10.0, 120.0)], 0).growth == 1.2


def test_the_table_names_what_was_not_kept() -> None:
    overload = Overload(load(1), load(0.1), load(0.5), 50, [(0.0, 1.0)], 0)
    judged = verdicts(0.7, [REFUSED], Judged(slowdown=overload.slowdown))
    cells = {("REST", "new", 8): load(0.25, 0.5)}
    lines = table.markdown(Hits([70.0], [100.0]), cells, {60: (load(1), load(1, 1))}, overload, judged).splitlines()
    assert [line for line in lines if "**no**" in line] == [
        "| under overload the p99 of accepted requests is at most 2 times that of low load | 5.00 times | **no** |"
    ]
    assert "| REST | new | 8 | 1.0 | 250.0 | 500.0 | 500.0 | 0.50 |" in lines
    assert "| 60 | 0.5 | 1.0 | 2.00 |" in lines
