"""`/v1/retrieve`: originals that a compression with `store_original` left behind."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from promptpress.errors import InvalidValue
from promptpress_service.cache.originals import UnknownOriginal, is_hash
from promptpress_service.dialects.headroom import HASH_SCHEMA, RetrieveRequest, RetrieveResponse, retrieved
from promptpress_service.dialects.native import NATIVE
from promptpress_service.http.context import context_of
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.admission import admitted
from promptpress_service.tenancy.caller import Caller

router = APIRouter(route_class=JsonRoute, tags=["originals"])

_ERRORS = NATIVE.documented(401, 404, 422, 429, 503)
_BODY_ERRORS = NATIVE.documented(400, 413)


@router.get("/v1/retrieve/{hash}", operation_id="retrieveOriginal", responses=_ERRORS, summary="An original by its hash")
async def retrieve(
    hash: Annotated[str, Path(description="A hash from `ccr_hashes`.", json_schema_extra=HASH_SCHEMA)],
    request: Request,
    caller: Annotated[Caller, Depends(admitted)],
) -> RetrieveResponse:
    """Only for the tenant that stored it; each retrieval lets it live longer."""
    return await _retrieve(hash, request, caller)


@router.post(
    "/v1/retrieve",
    operation_id="retrieveOriginalByBody",
    responses=_BODY_ERRORS | _ERRORS,
    summary="An original by its hash, asked for in a body",
)
async def retrieve_by_body(
    body: RetrieveRequest, request: Request, caller: Annotated[Caller, Depends(admitted)]
) -> RetrieveResponse:
    """The same as the GET."""
    return await _retrieve(body.hash, request, caller)


async def _retrieve(name: str, request: Request, caller: Caller) -> RetrieveResponse:
    if not is_hash(name):
        raise InvalidValue("a hash is 12 to 24 lower-case hex digits", "hash")
    original = await context_of(request).originals.get(caller.tenant, name)
    if original is None:
        raise UnknownOriginal
    return retrieved(original)
