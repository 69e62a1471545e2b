"""What the service offers: methods, models, token counts."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from compressors.registry import METHODS
from compressors.request import Text
from compressors.tokenization import TOKENIZERS, counter_for
from service.json_body import JsonRoute

router = APIRouter(route_class=JsonRoute, tags=["discovery"])


class MethodDescription(BaseModel):
    """A method and the JSON schema of its options."""

    name: str
    summary: str
    query: str = Field(description="`required`, `used` (works without one) or `ignored`")
    models: list[str] = Field(description="Kinds of model it runs on; empty for none")
    options: dict[str, Any]


class MethodList(BaseModel):
    """All methods; `auto` first."""

    methods: list[MethodDescription]


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


class TokenizeRequest(BaseModel):
    """Exactly one of `text` and `texts`."""

    model_config = ConfigDict(extra="forbid")

    text: Text | None = None
    texts: Annotated[list[Text], Field(max_length=10_000)] | None = None
    model: Text | None = None
    tokenizer: Text | None = None

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        if (self.text is None) == (self.texts is None):
            raise ValueError("give exactly one of text, texts")
        return self


class TokenizeResponse(BaseModel):
    """Counts in the order of the texts."""

    counts: list[int]
    total: int
    tokenizer: str
    exact: bool
    warnings: list[str] = []


@router.get("/v1/methods", summary="Methods and their options")
async def methods() -> MethodList:
    """Every registered method with the JSON schema of its options."""
    return MethodList(
        methods=[
            MethodDescription(
                name=method.name,
                summary=method.summary,
                query=method.query,
                models=list(method.models),
                options=method.options_model.model_json_schema(),
            )
            for method in METHODS.values()
        ]
    )


@router.get("/v1/models", summary="Loaded models and known tokenizers")
async def models(request: Request) -> ModelList:
    """What runs inside, not the LLMs in front of which it runs."""
    engine = request.app.state.engine
    names = [*TOKENIZERS, *engine.settings.tokenizers]
    return ModelList(data=[Model(id=name) for name in engine.model_names], tokenizers=names)


@router.post("/v1/tokenize", summary="Count tokens")
def tokenize(body: TokenizeRequest) -> TokenizeResponse:
    """Token counts by a model's tokenizer; special-token strings count as the text they are."""
    counter = counter_for(body.model, body.tokenizer)
    counts = [counter.count(text) for text in (body.texts if body.texts is not None else [body.text or ""])]
    return TokenizeResponse(
        counts=counts,
        total=sum(counts),
        tokenizer=counter.name,
        exact=counter.exact,
        warnings=[counter.warning] if counter.warning else [],
    )
