"""Logs on standard error: one JSON object (or one line for a terminal) for each event.

Fields outside `FIELDS`, values that are not scalars, and strings longer than `MAX_STRING` are left out; `dropped` names
them. An exception is logged as its type and the places it passed, without its message: libraries quote their input there.
"""

import contextlib
import logging
import sys
import threading
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

# fmt: off
FIELDS = frozenset(
    {
        "event", "level", "logger", "time", "exception", "dropped", "request_id", "trace_id", "transport", "route",
        "verb", "status", "outcome", "duration_ms", "queue_ms", "method", "reason", "tokens_before", "tokens_after",
        "compressions", "cache", "tenant", "error", "error_code", "kind", "layer", "state", "stage", "model",
        "version", "setting", "host", "port", "url_scheme", "count", "bytes", "seconds", "attempt", "retry_after",
        "worker", "pid", "signal", "ready", "layers", "keys", "limit", "depth", "batch_requests", "batch_tokens"
    }
)
# fmt: on
MAX_STRING = 200
_FRAMES = 20
_CAUSES = 5
"""Exceptions of a chain that are described."""
# Loggers of this code, which follow the configured level; those of libraries speak up from warnings on, because at lower
# levels several of them print what they carry.
_OURS = ("promptpress_service", "promptpress", "uvicorn.error")


def configure(level: str = "info", style: Literal["json", "console"] = "json") -> None:
    """Set up structlog and the standard library's logging, including uvicorn's, to write alike.

    Run uvicorn with `log_config=None, access_log=False`, else it puts its own handlers back. Raises ValueError for an
    unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level; known: {', '.join(sorted(logging.getLevelNamesMapping())).lower()}")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        describe_exception,
        drop_unexpected,
    ]
    render: Processor = (
        structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event).decode())
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time")
    )
    # Straight to the stream: by way of the standard library a line takes more than twice as long, and every request has one.
    structlog.configure(
        processors=[*shared, render],
        logger_factory=partial(_Stream, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[first_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.setLevel(number)
        logger.propagate = True
        logger.handlers.clear()
    logging.getLogger("uvicorn").handlers.clear()
    logging.getLogger("uvicorn").propagate = True
    # Its lines hold the raw path and query string; `request_context` writes ours.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    logging.captureWarnings(True)
    # No line shows them, and finding them out for every line costs requests a few per cent.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Else a record that cannot be formatted is printed whole, with its arguments.
    logging.raiseExceptions = False


class _Stream:
    """Where structlog's lines go. One that cannot be written is lost: a request must not fail for it."""

    _lock = threading.Lock()

    def __init__(self, stream: TextIO, name: str = "") -> None:
        self.name = name
        self._stream = stream

    def _write(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = _write


def first_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Cut a library's message to its first line: asyncio and others append the objects concerned on the next ones."""
    lines = str(event["event"]).splitlines()
    event["event"] = lines[0][:MAX_STRING] if lines else ""
    return event


def describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the types and places of the exception and its causes."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        event["exception"] = describe(error)
    event.pop("stack_info", None)
    return event


def describe(error: BaseException) -> str:
    """An exception without its message: `ValueError at app.py:12 run < app.py:30 main; from KeyError at ...`."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(parts) < _CAUSES:
        seen.add(id(current))
        frames = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in extract_tb(current.__traceback__)[-_FRAMES:]]
        # An error number of the operating system says what to do and holds nothing that was sent.
        number = f" (errno {current.errno})" if isinstance(current, OSError) and current.errno is not None else ""
        parts.append(f"{type(current).__name__}{number}" + (f" at {' < '.join(reversed(frames))}" if frames else ""))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "; from ".join(parts)


def drop_unexpected(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Leave out what no log line of this service should hold, and name it in `dropped`."""
    kept: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in event.items():
        if name in FIELDS:
            if name == "event":
                value = str(value)[:MAX_STRING]
            elif name != "exception" and not _is_small(value):
                dropped.append(name)
                continue
        elif not name.startswith("_"):
            dropped.append(name[:40])
            continue
        # What starts with an underscore is structlog's own, removed before rendering.
        kept[name] = value
    if dropped:
        kept["dropped"] = sorted(dropped)
    return kept


def _is_small(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_STRING
    return value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**63)
