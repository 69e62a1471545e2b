"""A progress bar on standard error that leaves standard output alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class LineProgress:
    """Counts finished requests on a terminal; shows nothing where standard error is none, or for a single request."""

    def __init__(self, total: int | None) -> None:
        """`total` requests are to come; None if nobody knows how many."""
        self._bar = Progress(
            TextColumn("compressing"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty() or total == 1,
            # It is drawn when something is finished, so that nothing draws while results are written to the same terminal.
            auto_refresh=False,
            # Otherwise what goes to standard output would be printed by the bar, on standard error.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> "LineProgress":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove the bar."""
        self._bar.stop()

    def advance(self) -> None:
        """One more request is finished."""
        self._bar.advance(self._task)
        self._bar.refresh()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While a result is written: without the bar, if it would stand on the same terminal."""
        apart = sys.stdout.isatty() and not self._bar.disable
        if apart:
            self._bar.stop()
        try:
            yield
        finally:
            if apart:
                sys.stdout.flush()
                self._bar.start()
