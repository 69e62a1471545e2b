"""`/v1/retrieve`: originals that a compression with `store_original` left behind."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from promptpress.errors import InvalidValue
from promptpress.request import Text
from promptpress_service.cache.originals import HASH_PATTERN, OriginalStore, UnknownOriginal, is_hash
from promptpress_service.http.errors import documented
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.admission import admitted
from promptpress_service.tenancy.caller import Caller

router = APIRouter(route_class=JsonRoute, tags=["originals"])

_HASH: dict[str, Any] = {"pattern": HASH_PATTERN}
_ERRORS = documented(401, 404, 422, 429, 503)
_BODY_ERRORS = documented(400, 413)


class RetrieveRequest(BaseModel):
    """Which original."""

    model_config = ConfigDict(extra="forbid")

    hash: Text = Field(description="A hash from `ccr_hashes`.", json_schema_extra=_HASH)
    query: Text | None = Field(None, description="Accepted for Headroom's clients; the whole original comes back.")


class RetrieveResponse(BaseModel):
    """The original, as it was before compression."""

    hash: str
    original_content: str
    original_tokens: int = Field(description="Counted with the tokenizer of the request that stored it")


@router.get("/v1/retrieve/{hash}", responses=_ERRORS, summary="An original by its hash")
async def retrieve(
    hash: Annotated[str, Path(description="A hash from `ccr_hashes`.", json_schema_extra=_HASH)],
    request: Request,
    caller: Annotated[Caller, Depends(admitted)],
) -> RetrieveResponse:
    """Only for the tenant that stored it; each retrieval lets it live longer."""
    return await _retrieve(hash, request, caller)


@router.post("/v1/retrieve", responses=_BODY_ERRORS | _ERRORS, summary="An original by its hash, asked for in a body")
async def retrieve_by_body(
    body: RetrieveRequest, request: Request, caller: Annotated[Caller, Depends(admitted)]
) -> RetrieveResponse:
    """The same as the GET."""
    return await _retrieve(body.hash, request, caller)


async def _retrieve(name: str, request: Request, caller: Caller) -> RetrieveResponse:
    if not is_hash(name):
        raise InvalidValue("a hash is 12 to 24 lower-case hex digits", "hash")
    store: OriginalStore = request.app.state.originals
    original = await store.get(caller.tenant, name)
    if original is None:
        raise UnknownOriginal
    return RetrieveResponse(hash=original.hash, original_content=original.text, original_tokens=original.tokens)
