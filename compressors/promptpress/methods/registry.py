"""The methods by name: those of this package, and those of other distributions.

Another distribution adds a method by an entry point of the group `promptpress.methods`, named as the method:

    [project.entry-points."promptpress.methods"]
    my_method = "my_package:MyMethod"

Names are listed without importing anything; a class is imported when it is first asked for.
"""

import inspect
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any

from promptpress.backends.models import Models
from promptpress.errors import BrokenMethod, UnknownMethod
from promptpress.methods.base import Method

GROUP = "promptpress.methods"
_log = logging.getLogger(__name__)
_BUILT_IN = {
    "auto": "auto:Auto",
    "evidence": "evidence:Evidence",
    "hybrid": "hybrid:Hybrid",
    "acc_rag": "acc_rag.acc_rag:AccRag",
    "dspc": "dspc.dspc:Dspc",
    "scope": "scope.scope:Scope",
    "selective_context": "selective_context:SelectiveContext",
    "ehpc": "ehpc:Ehpc",
    "cosine": "cosine:Cosine",
    "bm25": "bm25:Bm25",
    "truncate": "truncate:Truncate",
    "random": "random:Random",
}
"""From a method's name to its module, relative to `promptpress.methods`, and its class; in the order they are listed."""


@dataclass(frozen=True)
class Plugins:
    """What the entry points of other distributions offer: one for each name, and a message for each name that clashes.

    Names of this package's methods are never replaced; a name that two distributions claim belongs to neither.
    """

    found: dict[str, EntryPoint]
    clashes: dict[str, str]

    @classmethod
    def of(cls, entries: Iterable[EntryPoint]) -> "Plugins":
        """Sort out entry points; the result does not depend on their order."""
        claimed: dict[str, dict[str, EntryPoint]] = {}
        for entry in entries:
            claimed.setdefault(entry.name, {})[_distribution(entry)] = entry
        found: dict[str, EntryPoint] = {}
        clashes: dict[str, str] = {}
        for name, by_distribution in sorted(claimed.items()):
            owners = " and ".join(sorted(by_distribution))
            if name in _BUILT_IN:
                clashes[name] = f"method {name!r} of {owners} is ignored: promptpress has a method of this name"
            elif len(by_distribution) > 1:
                clashes[name] = f"method {name!r} is offered by {owners}; uninstall all but one of them"
            else:
                (found[name],) = by_distribution.values()
        return cls(found, clashes)


@lru_cache(maxsize=1)
def plugins() -> Plugins:
    """The plug-ins installed in this process; clashes are logged, once."""
    installed = Plugins.of(entry_points(group=GROUP))
    for message in installed.clashes.values():
        _log.error(message)
    return installed


def methods() -> tuple[str, ...]:
    """Names of all methods, `auto` first, those of other distributions last by name. Imports none of them."""
    return (*_BUILT_IN, *plugins().found)


def method_class(name: str) -> type[Method[Any]]:
    """The class of a method, imported if it is not yet.

    Raises UnknownMethod for a name that no method has, and BrokenMethod, naming the distribution, for one whose class
    cannot be used.
    """
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        built_in: type[Method[Any]] = getattr(import_module(f"promptpress.methods.{module}"), attribute)
        return built_in
    if name in plugins().found:
        return _plugin_class(plugins().found[name])
    if name in plugins().clashes:
        raise BrokenMethod(plugins().clashes[name], "method")
    raise UnknownMethod(f"unknown method {name[:80]!r}; available: {', '.join(methods())}", "method")


def method_classes() -> dict[str, type[Method[Any]]]:
    """Every method that can be used, by name, in the order of `methods()`. One that is broken is logged and left out."""
    found = {}
    for name in methods():
        try:
            found[name] = method_class(name)
        except BrokenMethod as error:
            _log.error(error.message)
    return found


class MethodInstances(Mapping[str, Method[Any]]):
    """Every method with the same models, by name, each made when it is first asked for; safe to share between threads."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._made: dict[str, Method[Any]] = {}
        self._lock = RLock()

    def __getitem__(self, name: str) -> Method[Any]:
        """The method. Raises UnknownMethod or BrokenMethod, as `method_class` does."""
        with self._lock:
            if name not in self._made:
                cls = method_class(name)
                try:
                    self._made[name] = cls(self._models)
                except Exception as error:
                    if name in _BUILT_IN:
                        raise
                    raise _broken(plugins().found[name], f"its class cannot be made: {error!r}") from error
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Names, as `methods()` lists them."""
        return iter(methods())

    def __len__(self) -> int:
        """How many methods there are, broken ones too."""
        return len(methods())

    def usable(self) -> Iterator[Method[Any]]:
        """The methods that are not broken and have the models that they cannot do without."""
        for name in method_classes():
            try:
                method = self[name]
            except BrokenMethod as error:
                _log.error(error.message)
                continue
            if method.available:
                yield method


def _plugin_class(entry: EntryPoint) -> type[Method[Any]]:
    try:
        loaded = entry.load()
    except Exception as error:
        raise _broken(entry, f"{entry.value} cannot be imported: {error!r}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Method)):
        raise _broken(entry, f"{entry.value} is no subclass of promptpress.methods.base.Method")
    if inspect.isabstract(loaded):
        raise _broken(entry, f"{entry.value} does not define {', '.join(sorted(loaded.__abstractmethods__))}")
    missing = [name for name in ("name", "summary") if not isinstance(getattr(loaded, name, None), str)]
    if missing:
        raise _broken(entry, f"{entry.value} does not set {' and '.join(missing)}")
    if loaded.name != entry.name:
        raise _broken(entry, f"its entry point is {entry.name!r}, but {entry.value} has the name {loaded.name!r}")
    return loaded


def _broken(entry: EntryPoint, reason: str) -> BrokenMethod:
    return BrokenMethod(f"method {entry.name!r} of {_distribution(entry)} cannot be used: {reason}", "method")


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown distribution"
