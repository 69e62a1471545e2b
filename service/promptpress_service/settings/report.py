"""Where settings come from and how they are shown: environment variables, near matches, errors, the printed table."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

PREFIX = "PROMPTPRESS_"

_NO_IDEA = "`promptpress config` lists all settings"

# Kubernetes adds these to every container for every Service of the namespace; one named promptpress would meet our prefix.
_SERVICE_LINK = re.compile(
    r"PROMPTPRESS_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_[A-Z]+(?:_(?:PROTO|PORT|ADDR))?)"
)
_SERVICE_LINK_VALUE = re.compile(r"(?:tcp|udp|sctp)://\S+")


@dataclass(frozen=True)
class SettingRow:
    """One setting as it is in force. `value` can be written as JSON and has secrets masked; `default`: nobody set it."""

    variable: str
    value: Any
    default: bool
    description: str


def describe(settings: BaseSettings) -> list[SettingRow]:
    """Every setting, in the order of their definition; `orjson.dumps` takes the rows as they are."""
    values = settings.model_dump(mode="json")
    return [
        SettingRow(variable_of(name), values[name], name not in settings.model_fields_set, field.description or "")
        for name, field in type(settings).model_fields.items()
    ]


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def naming_variables(message: str, names: Iterable[str]) -> str:
    """A message of the library that begins with the name of a setting, as in `encoder: cannot load`, with its variable."""
    name, colon, rest = message.partition(":")
    return f"{variable_of(name)}{colon}{rest}" if colon and name in set(names) else message


def is_service_link(variable: str, value: str) -> bool:
    """Whether a variable was put there by Kubernetes and not by a person."""
    variable = variable.upper()
    if _SERVICE_LINK.fullmatch(variable):
        return True
    return variable.startswith(PREFIX) and variable.endswith("_PORT") and bool(_SERVICE_LINK_VALUE.fullmatch(value))


def unknown_variable(names: Iterable[str], environment: Mapping[str, str] | None = None) -> str | None:
    """What is wrong with the first `PROMPTPRESS_*` variable that is no setting, with the nearest one; None if all are."""
    known = set(names)
    for variable, value in sorted((os.environ if environment is None else environment).items()):
        name = variable.upper().removeprefix(PREFIX).lower()
        if variable.upper().startswith(PREFIX) and name not in known and not is_service_link(variable, value):
            near = _near(name, known)
            return f"{variable} is not a setting; {f'did you mean {variable_of(near)}?' if near else _NO_IDEA}"
    return None


def explain(error: ValidationError, names: Iterable[str], from_file: Iterable[str] = ()) -> str:
    """The first error of a validation in one line that names the variable and never repeats a value.

    `from_file`: the settings whose value is the configuration file's.
    """
    first = error.errors(include_input=False, include_context=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return message
    name = str(first["loc"][0])
    if name not in names:
        near = _near(name, set(names))
        return f"{name} in the configuration file is not a setting; {f'did you mean {near}?' if near else _NO_IDEA}"
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"][1:])
    source = f" ({name} in the configuration file)" if name in from_file else ""
    return f"{variable_of(name)}{place}{source}: {'unknown field' if first['type'] == 'extra_forbidden' else message}"


def _near(name: str, known: set[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, known, 1)), None)
