"""The methods by name."""

from typing import Any

from compressors.errors import UnknownMethod
from compressors.methods.acc_rag import AccRag
from compressors.methods.auto import Auto
from compressors.methods.base import Method
from compressors.methods.bm25 import Bm25
from compressors.methods.cosine import Cosine
from compressors.methods.dspc import Dspc
from compressors.methods.ehpc import Ehpc
from compressors.methods.evidence import Evidence
from compressors.methods.hybrid import Hybrid
from compressors.methods.random import Random
from compressors.methods.scope import Scope
from compressors.methods.selective_context import SelectiveContext
from compressors.methods.truncate import Truncate

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
