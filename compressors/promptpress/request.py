"""What a caller asks for: one model for the library, the shell and the wire."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from promptpress.errors import InvalidRequest
from promptpress.text.json_values import sendable

MAX_PATTERNS = 64


def _well_formed(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"holds a lone surrogate at character {error.start}; send well-formed Unicode") from None
    return text


# Strict field by field: a strict model would refuse a document given as a dict.
Text = Annotated[str, Strict(), AfterValidator(_well_formed)]
Int = Annotated[int, Strict()]
Float = Annotated[float, Strict()]

Protect = Literal["facts", "strict", "none"]
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Include = Literal["spans", "scores"]


class Document(BaseModel):
    """One retrieved document. Only `text` is shortened; everything else comes back as it was sent."""

    model_config = ConfigDict(extra="forbid")

    id: Text | Int | None = None
    title: Text | None = Field(None, description="Given to the method as context; not counted and not changed.")
    text: Text
    metadata: Annotated[dict[str, Any], AfterValidator(sendable)] | None = None


class CompressionRequest(BaseModel):
    """Exactly one of `text`, `texts`, `documents`, `messages`, and at most one of `target_ratio`, `target_tokens`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    text: Text | None = None
    texts: list[Text] | None = Field(None, max_length=10_000)
    documents: list[Document] | None = Field(None, max_length=10_000)
    messages: list[Annotated[dict[str, Any], AfterValidator(sendable)]] | None = Field(
        None, max_length=10_000, description="Chat messages in the shape of OpenAI or Anthropic."
    )
    query: Text | None = Field(None, description="What the reader will be asked; query-aware methods keep what answers it.")
    target_ratio: Float | None = Field(None, gt=0, le=1, description="Tokens after divided by tokens before.")
    target_tokens: Int | None = Field(None, ge=1, le=100_000_000, description="Most tokens of the whole result.")
    method: Text = Field("auto", description="A name from `GET /v1/methods`.")
    options: Annotated[dict[str, Any], AfterValidator(sendable)] = Field(
        default_factory=dict, description="Options of the method; see `GET /v1/methods`."
    )
    model: Text | None = Field(None, description="The LLM that will read the result; picks the tokenizer.")
    tokenizer: Text | None = Field(None, description="A tokenizer by name; goes before `model`.")
    protect: Protect = "facts"
    protect_patterns: list[Text] = Field(
        default_factory=list, max_length=MAX_PATTERNS, description="RE2 patterns whose matches are always kept."
    )
    compress_roles: list[Role] | None = Field(
        None, description="Roles of messages that may be shortened; the default depends on the kind of target."
    )
    min_tokens: Int | None = Field(
        None,
        ge=0,
        le=100_000_000,
        description="With a ratio, smaller inputs are left alone; by default 64 for each text of messages, 8 otherwise.",
    )
    include: list[Include] = Field(default_factory=list)

    @property
    def characters(self) -> int:
        """Characters of all the text in the request, about; what its cost grows with."""
        if self.documents is not None:
            return sum(len(document.text) for document in self.documents)
        if self.messages is not None:
            return sum(len(str(message.get("content") or message.get("output") or "")) for message in self.messages)
        return len(self.text or "") + sum(len(text) for text in self.texts or [])

    @model_validator(mode="after")
    def _one_input_one_target(self) -> Self:
        given = [name for name in ("text", "texts", "documents", "messages") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "give exactly one of text, texts, documents, messages" + (f"; got {', '.join(given)}" if given else "")
            )
        if self.target_ratio is not None and self.target_tokens is not None:
            raise ValueError("give target_ratio or target_tokens, not both")
        return self


def parse_request(fields: Mapping[str, Any]) -> CompressionRequest:
    """The request with these fields. Raises InvalidRequest, which names the first field that is wrong."""
    try:
        return CompressionRequest.model_validate(dict(fields))
    except ValidationError as error:
        first, *others = error.errors()
        field, message = _place(first["loc"]), _message(first)
        also = [{"field": _place(each["loc"]), "message": _message(each)} for each in others[:9]]
        raise InvalidRequest(
            f"{field}: {message}" if field else message, field, **({"also": also} if also else {})
        ) from None


def _message(error: Mapping[str, Any]) -> str:
    message: str = error["msg"]
    return "unknown field" if error["type"] == "extra_forbidden" else message.removeprefix("Value error, ")


def _place(location: tuple[int | str, ...]) -> str | None:
    """`("documents", 0, "text")` as `documents[0].text`, without the branches of unions, which no caller wrote."""
    name = ""
    for step in location:
        if isinstance(step, int):
            name += f"[{step}]"
        elif step.isidentifier() and step not in ("str", "int", "float"):
            name += f".{step}" if name else step
    return name or None
