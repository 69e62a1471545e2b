from promptpress_service.cache.breaker import CircuitBreaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(3, 10, clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_only_failures_in_a_row_open_it() -> None:
    breaker = CircuitBreaker(3, 10, Clock())
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.state == "closed"


def test_one_probe_after_the_cool_down_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    assert breaker.state == "open"
    assert not breaker.admits()
    clock.now = 10
    assert breaker.state == "half_open"
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admits()


def test_a_failed_probe_opens_it_for_another_cool_down() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    assert breaker.admits()
    breaker.failed()
    clock.now = 19
    assert not breaker.admits()
    clock.now = 20
    assert breaker.admits()


def test_late_failures_do_not_keep_it_open() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 9
    breaker.failed()
    clock.now = 10
    assert breaker.admits()


def test_an_abandoned_probe_leaves_room_for_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    assert breaker.admits()
    breaker.abandoned()
    assert breaker.admits()
