"""Values of any shape that pass through: checked once, so that they can be sent back."""

from typing import Any

MAX_DEPTH = 60
"""Levels of lists and objects; what nests deeper cannot be serialised everywhere."""


def sendable(value: Any) -> Any:
    """The value itself. Raises ValueError if it nests too deeply or holds a string that is not well-formed Unicode."""
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        current, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"nests more than {MAX_DEPTH} levels deep")
        if isinstance(current, dict):
            pending.extend((key, depth + 1) for key in current)
            pending.extend((inner, depth + 1) for inner in current.values())
        elif isinstance(current, list):
            pending.extend((inner, depth + 1) for inner in current)
        elif isinstance(current, str):
            try:
                current.encode()
            except UnicodeEncodeError:
                raise ValueError("holds a lone surrogate; send well-formed Unicode") from None
    return value
