"""`auto`: the method that the quality benchmark favours for what the request holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from promptpress.content import Passage
from promptpress.methods.base import Method, NoOptions
from promptpress.scores import Scored

WITH_QUERY = "evidence"
WITHOUT_QUERY = "dspc"


class Auto(Method[NoOptions]):
    """Chooses a method; the response names the one that ran."""

    name = "auto"
    summary = f"Chooses: `{WITH_QUERY}` with a query, `{WITHOUT_QUERY}` without. The default."
    models = ("encoder", "evidence")

    def resolve(
        self, query: str | None, options: BaseModel, methods: Mapping[str, Method[Any]]
    ) -> tuple[Method[Any], BaseModel]:
        """The chosen method with its default options."""
        chosen = methods[WITH_QUERY if query else WITHOUT_QUERY]
        return chosen, chosen.options_model()

    def score(self, passages: Sequence[Passage], query: str | None, options: NoOptions) -> Scored:
        """Never called: `resolve` hands over to the chosen method."""
        raise NotImplementedError("auto is resolved before scoring")
