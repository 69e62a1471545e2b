"""`/docs`: Swagger UI from files of this package, so that it works without the Internet."""

import gzip
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent / "swagger_ui"
_CACHED = {"Cache-Control": "private, max-age=86400", "Vary": "Accept-Encoding"}
# Relative, so that a proxy may serve the application under a prefix.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PromptPress</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});\n'


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    """The script that draws the page; not inline, because the page allows none that are."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/swagger-ui-bundle.js")
async def script(request: Request) -> Response:
    """Swagger UI's script."""
    return _file(request, "swagger-ui-bundle.js.gz", "text/javascript")


@router.get("/docs/swagger-ui.css")
async def style(request: Request) -> Response:
    """Swagger UI's style sheet."""
    return _file(request, "swagger-ui.css.gz", "text/css")


def _file(request: Request, name: str, media_type: str) -> Response:
    content = _compressed(name)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(content, headers={**_CACHED, "Content-Encoding": "gzip"}, media_type=media_type)
    return Response(gzip.decompress(content), headers=_CACHED, media_type=media_type)


@lru_cache
def _compressed(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
