"""Methods and token counts, whichever protocol asks."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from promptpress.methods.registry import method_classes
from promptpress.request import Text
from promptpress.text.tokenization import counter_for


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


def list_methods() -> MethodList:
    """Every registered method with the JSON schema of its options."""
    return MethodList(
        methods=[
            MethodDescription(
                name=method.name,
                summary=method.summary,
                query=method.query_use,
                models=list(method.model_roles),
                options=method.options_model.model_json_schema(),
            )
            for method in method_classes().values()
        ]
    )


def count_tokens(request: TokenizeRequest) -> TokenizeResponse:
    """Count. Raises InvalidValue for an unknown tokenizer."""
    counter = counter_for(request.model, request.tokenizer)
    counts = [counter.count(text) for text in (request.texts if request.texts is not None else [request.text or ""])]
    return TokenizeResponse(
        counts=counts,
        total=sum(counts),
        tokenizer=counter.name,
        exact=counter.exact,
        warnings=[counter.warning] if counter.warning else [],
    )
