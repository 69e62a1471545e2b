"""Errors as a shell shows them: one line on standard error and an exit code."""

from types import TracebackType
from typing import NoReturn

import typer
from pydantic import ValidationError

from promptpress.errors import CompressionError, ModelUnavailable
from promptpress_service.cli.terminal import errors
from promptpress_service.settings.report import naming_variables
from promptpress_service.settings.settings import Settings, SettingsError


class reported:  # noqa: N801 - reads as a statement: `with reported():`
    """Turns errors a caller can set right into one line on standard error and an exit code."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Print what is known here and raise typer.Exit; leave everything else as it is."""
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field = ".".join(str(step) for step in first["loc"])
            fail(f"{field}: {first['msg']}" if field else first["msg"].removeprefix("Value error, "), 2)
        if isinstance(error, CompressionError):
            fail(f"{error.field}: {error.message}" if error.field else error.message, 2)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            name = f"{error.filename}: " if error.filename else ""
            fail(f"{name}{error.strerror or error}", 1)
        if isinstance(error, UnicodeDecodeError):
            fail(f"the input is not UTF-8 (byte {error.start})", 1)
        if isinstance(error, SettingsError):
            fail(str(error), 2)
        if isinstance(error, ModelUnavailable):
            fail(naming_variables(str(error), Settings.model_fields), 1)


def fail(message: str, code: int) -> NoReturn:
    """Print the message and end with the exit code."""
    errors.print(f"promptpress: {message}", markup=False)
    raise typer.Exit(code) from None
