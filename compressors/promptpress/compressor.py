"""`Compressor`: a request in, a result out."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from promptpress.backends.models import Models
from promptpress.chat_run import ChatRun, Pieces
from promptpress.errors import InvalidValue
from promptpress.methods.base import Method
from promptpress.methods.capabilities import Delegates
from promptpress.methods.registry import MethodInstances, method_class
from promptpress.pipeline.pipeline import run_pipeline
from promptpress.pipeline.protection import compile_patterns
from promptpress.pipeline.state import MINIMUM_TOKENS, PipelineResult, Protection, Target, Task
from promptpress.portions import Portion
from promptpress.request import CompressionRequest, Document, parse_request
from promptpress.result import CompressionResult, Reason, TimingMs, UnitScore, Usage
from promptpress.shapes import Slot, shape_of
from promptpress.text.spans import Span
from promptpress.text.tokenization import TokenCounter, counter_for

# Something for every part of the way: abbreviations, numbers, quotations, another script.
_WARM_UP = 'Dr. A. Smith paid $3.50 on 14 May 2020. "It was not dear," she said.\n\nSee https://example.org/a. 你好。世界！'


class Compressor:
    """Runs requests. Holds the models, nothing of any request; safe to share between threads."""

    def __init__(self, models: Models) -> None:
        self._methods = MethodInstances(models)

    def warm_up(self) -> None:
        """Load the models that the default method needs and run them once."""
        self.compress(
            CompressionRequest(
                documents=[Document(title="Warm-up", text=_WARM_UP)],
                query="When was it, and what did it cost?",
                target_tokens=20,
            )
        )

    def loaded_models(self) -> list[str]:
        """Names of the models that methods of this compressor run on."""
        return sorted({name for method in self._methods.usable() for name in method.model_names()})

    def compress(self, request: CompressionRequest | Mapping[str, Any]) -> CompressionResult:
        """Run one request, given as a model or by its fields.

        Raises CompressionError for anything the caller can set right (InvalidRequest for fields that make no request), and
        ModelUnavailable for a model that cannot be loaded.
        """
        parsed = request if isinstance(request, CompressionRequest) else parse_request(request)
        return _Run(self._methods, parsed).result()


def pass_through(request: CompressionRequest, reason: Reason) -> CompressionResult:
    """The request's input as it is, with its counts and the reason. Runs no model."""
    counter = counter_for(request.model, request.tokenizer)
    shape = shape_of(request)
    slots = shape.slots()
    texts = [slot.text for slot in slots]
    tokens = sum(counter.count(text) for text in texts)
    spans = [[(0, len(text))] if text else [] for text in texts]
    return CompressionResult(
        **shape.rebuild(texts),
        status="unchanged",
        reason=reason,
        method=request.method,
        usage=Usage(
            tokens_before=tokens,
            tokens_after=tokens,
            tokens_saved=0,
            ratio=1.0,
            tokenizer=counter.name,
            exact=counter.exact,
        ),
        timing_ms=TimingMs(score=0, cut=0, verify=0, total=0),
        warnings=[counter.warning] if counter.warning else [],
        spans=shape.receipt_of_spans(slots, spans) if "spans" in request.include and request.messages is None else None,
    )


class _Run:
    """One request on its way."""

    def __init__(self, methods: Mapping[str, Method[Any]], request: CompressionRequest) -> None:
        self.started = time.perf_counter()
        self.request = request
        self.shape = shape_of(request)
        self.counter: TokenCounter = counter_for(request.model, request.tokenizer)
        self.methods = methods
        cls = method_class(request.method)
        self.options = validate_options(cls, request.options)
        self.protection = Protection(request.protect, compile_patterns(request.protect_patterns))
        self.target = Target(request.target_ratio, request.target_tokens)
        self.warnings: list[str] = [self.counter.warning] if self.counter.warning else []
        self.groups: list[PipelineResult] = []
        self.method: Method[Any] = methods[request.method]
        self.method_options: BaseModel = self.options

    def result(self) -> CompressionResult:
        slots = self.shape.slots()
        if self.request.messages is not None:
            return self._messages(slots)
        group = self._group([(slot.title, slot.text) for slot in slots], self.request.query)
        relevance = group.scored.passages if group.scored else None
        output = self.shape.rebuild([rendered.text for rendered in group.rendered], relevance)
        return self._finish(group, slots, output, _scores(group))

    def _group(
        self,
        texts: Sequence[tuple[str, str]],
        query: str | None,
        target: Target | None = None,
        protected: Sequence[Sequence[Span]] = (),
        owners: Sequence[int] = (),
    ) -> PipelineResult:
        query = query if query and query.strip() else None
        self.method, self.method_options = self.methods[self.request.method], self.options
        if isinstance(self.method, Delegates):
            self.method, self.method_options = self.method.delegate(query, self.options, self.methods)
        if query is None and self.method.query_use == "required":
            raise InvalidValue(f"method {self.method.name!r} needs a query", "query")
        group = run_pipeline(
            Task(
                texts,
                query,
                target or self.target,
                self.method,
                self.method_options,
                self.protection,
                self.counter,
                protected,
                owners,
                MINIMUM_TOKENS if self.request.min_tokens is None else self.request.min_tokens,
            )
        )
        self.groups.append(group)
        return group

    def _messages(self, slots: list[Slot]) -> CompressionResult:
        chat = ChatRun(self.request, slots, self.counter, self._group_of_chat)
        group = chat.run()
        self.warnings += chat.warnings
        output = self.shape.rebuild(chat.texts)
        return self._finish(group, [portion.slot for portion in chat.portions], output, chat.scores)

    def _group_of_chat(self, portions: Sequence[Portion], query: str | None, target: Target, keep_each: bool) -> Pieces:
        """The portions' pieces, compressed together; with `keep_each` no portion loses all of them."""
        pieces = [(index, text) for index, portion in enumerate(portions) for text in portion.texts]
        group = self._group(
            [("", text) for _, text in pieces],
            query,
            target,
            [spans for portion in portions for spans in portion.protected_in_pieces],
            [index for index, _ in pieces] if keep_each else (),
        )
        for entry in group.details.get("chunks", []):
            portion, (start, _) = [(p, piece) for p in portions for piece in p.pieces][entry.pop("item")]
            entry.update(
                message=portion.slot.item,
                path=list(portion.slot.path),
                start=entry["start"] + start,
                end=entry["end"] + start,
            )
        return Pieces(group, _scores(group))

    def _finish(
        self,
        group: PipelineResult,
        slots: Sequence[Slot],
        output: dict[str, Any],
        scores: Sequence[list[UnitScore]],
    ) -> CompressionResult:
        """The result. `slots` are those that could be shortened; `group.rendered` and `scores` are aligned with them."""
        for each in self.groups:
            self.warnings += [warning for warning in each.warnings if warning not in self.warnings]
        before, after = group.tokens_before, group.tokens_after
        seconds = {stage: sum(each.seconds[stage] for each in self.groups) for stage in ("score", "cut", "verify")}
        details = self.method.merge_details([each.details for each in self.groups if each.details])
        scored = any(each.scored for each in self.groups)
        return CompressionResult(
            **output,
            status="unchanged" if group.reason else "compressed",
            reason=group.reason,
            method=self.method.name,
            method_details=details,
            models=self.method.model_names(self.method_options) if scored else [],
            usage=Usage(
                tokens_before=before,
                tokens_after=after,
                tokens_saved=before - after,
                ratio=round(after / before, 6) if before else 1.0,
                tokenizer=self.counter.name,
                exact=self.counter.exact,
            ),
            timing_ms=TimingMs(
                **{stage: round(1000 * value, 3) for stage, value in seconds.items()},
                total=round(1000 * (time.perf_counter() - self.started), 3),
            ),
            warnings=self.warnings,
            spans=self.shape.receipt_of_spans(slots, [rendered.spans for rendered in group.rendered])
            if "spans" in self.request.include
            else None,
            scores=self.shape.receipt_of_scores(slots, scores) if "scores" in self.request.include else None,
        )


def validate_options(method: type[Method[Any]], options: dict[str, Any]) -> BaseModel:
    """Options of a method as its model. Raises InvalidValue naming the option and what is allowed."""
    try:
        return method.options_model.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"])
        known = ", ".join(method.options_model.model_fields) or "none"
        message = first["msg"] if first["type"] != "extra_forbidden" else "unknown option"
        raise InvalidValue(
            f"{message}; options of {method.name!r}: {known}", f"options.{name}" if name else "options"
        ) from None


def _scores(group: PipelineResult) -> list[list[UnitScore]]:
    if group.scored is None:
        return [[] for _ in group.rendered]
    return [
        [
            UnitScore(start=unit.start, end=unit.end, score=round(float(scores[i]), 5), kept=i in kept)
            for i, unit in enumerate(passage.units)
            if not unit.structural
        ]
        for passage, scores, kept in zip(group.passages, group.scored.units, group.kept, strict=True)
    ]
