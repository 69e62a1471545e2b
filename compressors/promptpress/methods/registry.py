"""The methods by name."""

from typing import Any

from promptpress.errors import UnknownMethod
from promptpress.methods.acc_rag.acc_rag import AccRag
from promptpress.methods.auto import Auto
from promptpress.methods.base import Method
from promptpress.methods.bm25 import Bm25
from promptpress.methods.cosine import Cosine
from promptpress.methods.dspc.dspc import Dspc
from promptpress.methods.ehpc import Ehpc
from promptpress.methods.evidence import Evidence
from promptpress.methods.hybrid import Hybrid
from promptpress.methods.random import Random
from promptpress.methods.scope.scope import Scope
from promptpress.methods.selective_context import SelectiveContext
from promptpress.methods.truncate import Truncate

_CLASSES: tuple[type[Method[Any]], ...] = (
    Auto,
    Evidence,
    Hybrid,
    AccRag,
    Dspc,
    Scope,
    SelectiveContext,
    Ehpc,
    Cosine,
    Bm25,
    Truncate,
    Random,
)
METHODS = {method.name: method for method in _CLASSES}


def method_class(name: str) -> type[Method[Any]]:
    """The class of a registered method. Raises UnknownMethod."""
    if name not in METHODS:
        raise UnknownMethod(f"unknown method {name[:80]!r}; available: {', '.join(METHODS)}", "method")
    return METHODS[name]
