"""Who is asking."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """The tenant on whose behalf a request runs; everything stored or limited is kept apart by it."""

    tenant: str = "default"


ANYONE = Caller()
