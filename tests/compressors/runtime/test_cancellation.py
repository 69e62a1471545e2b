import threading
import time

import pytest

from promptpress import CompressionRequest, Compressor
from promptpress.runtime.cancellation import Cancellation, Cancelled, cancellable, check
from tests.conftest import PROSE
from tests.waiting import PATIENCE_SECONDS


def long_request() -> CompressionRequest:
    return CompressionRequest(text="\n\n".join(f"{PROSE} {i}" for i in range(300)), target_ratio=0.2)


def test_without_a_cancellation_check_does_nothing() -> None:
    check()


def test_a_passed_deadline_stops_the_work(compressor: Compressor) -> None:
    with cancellable(Cancellation(deadline=time.monotonic())), pytest.raises(Cancelled) as caught:
        compressor.compress(long_request())
    assert caught.value.deadline


def test_cancelling_stops_work_that_has_begun(compressor: Compressor) -> None:
    cancellation = Cancellation()
    stopped = threading.Event()
    started = threading.Event()

    def work() -> None:
        with cancellable(cancellation):
            started.set()
            try:
                compressor.compress(long_request())
            except Cancelled:
                stopped.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(PATIENCE_SECONDS)
    cancellation.cancel()
    thread.join(PATIENCE_SECONDS)
    assert stopped.is_set()


def test_a_cancelled_request_leaves_nothing_behind(compressor: Compressor) -> None:
    with cancellable(Cancellation(deadline=time.monotonic())), pytest.raises(Cancelled):
        compressor.compress(long_request())
    check()
    assert compressor.compress(CompressionRequest(text=PROSE, target_ratio=0.5)).status == "compressed"
