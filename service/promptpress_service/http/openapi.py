"""The OpenAPI document: FastAPI's, with the ways to send a key where keys are needed."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from promptpress_service.dialects.registry import DialectTable

_OPEN_TAG = "health"


def document(app: FastAPI, dialects: DialectTable, needs_key: bool) -> dict[str, Any]:
    """The document of an application whose routes are complete."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    if not needs_key:
        return found
    schemes = found.setdefault("components", {}).setdefault("securitySchemes", {})
    for path, operations in found["paths"].items():
        dialect = dialects.of(path)
        # One scheme is the same for all dialects that name it; a name with another meaning gets the dialect's before it.
        names = {}
        for name, scheme in dialect.security_schemes.items():
            known = schemes.setdefault(name, dict(scheme))
            names[name] = name if known == scheme else f"{dialect.name}_{name}"
            schemes.setdefault(names[name], dict(scheme))
        for operation in operations.values():
            is_open = _OPEN_TAG in operation.get("tags", ())
            operation["security"] = [] if is_open else [{name: []} for name in names.values()]
    return found
