"""What the service offers: methods, models, token counts."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from promptpress.text.tokenization import TOKENIZERS
from promptpress_service.dialects.catalogue import MethodList, TokenizeRequest, TokenizeResponse, count_tokens, list_methods
from promptpress_service.dialects.native import NATIVE
from promptpress_service.http.context import context_of
from promptpress_service.http.json_body import JsonRoute
from promptpress_service.http.routes.admission import admitted

router = APIRouter(
    route_class=JsonRoute,
    tags=["discovery"],
    dependencies=[Depends(admitted)],
    responses=NATIVE.documented(401, 429, 503),
)


class Model(BaseModel):
    """A model that is loaded."""

    id: str
    object: Literal["model"] = "model"
    owned_by: str = "promptpress"


class ModelList(BaseModel):
    """Loaded models, in the shape of OpenAI's list, and the names of the tokenizers."""

    object: Literal["list"] = "list"
    data: list[Model]
    tokenizers: list[str]


@router.get("/v1/methods", operation_id="listMethods", summary="Methods and their options")
async def methods() -> MethodList:
    """Every registered method with the JSON schema of its options."""
    return list_methods()


@router.get("/v1/models", operation_id="listModels", summary="Loaded models and known tokenizers")
async def models(request: Request) -> ModelList:
    """What runs inside, not the LLMs in front of which it runs."""
    context = context_of(request)
    names = [*TOKENIZERS, *context.tokenizers]
    return ModelList(data=[Model(id=name) for name in context.engine.get().model_names], tokenizers=names)


@router.post("/v1/tokenize", operation_id="countTokens", responses=NATIVE.documented(400, 413, 422), summary="Count tokens")
def tokenize(body: TokenizeRequest) -> TokenizeResponse:
    """Token counts by a model's tokenizer; special-token strings count as the text they are."""
    return count_tokens(body)
