"""`promptpress new-key`: an API key."""

import sys
from typing import Annotated

import typer

from promptpress_service.cli.failures import fail


def make_key(tenant: Annotated[str, typer.Argument(help="Name of the tenant the key is for.")]) -> None:
    """Make an API key: the key for the client on standard output, the line to store on standard error."""
    from promptpress_service.tenancy.api_keys import KeysError, new_key

    try:
        key, line = new_key(tenant)
    except KeysError as error:
        fail(str(error), 2)
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(f"for PROMPTPRESS_API_KEYS or its file: {line}\n")
