"""`auto`: the method that the quality benchmark favours for what the request holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from promptpress.backends.models import ModelRole
from promptpress.content import Passage
from promptpress.methods.base import Method, NoOptions
from promptpress.methods.capabilities import Delegates
from promptpress.scores import Scored

WITH_QUERY = "evidence"
WITHOUT_QUERY = "dspc"


class Auto(Method[NoOptions], Delegates[NoOptions]):
    """Chooses a method; the response names the one that ran."""

    name = "auto"
    summary = f"Chooses: `{WITH_QUERY}` with a query, `{WITHOUT_QUERY}` without. The default."
    model_roles = (ModelRole.ENCODER, ModelRole.EVIDENCE)

    def delegate(
        self, query: str | None, options: NoOptions, methods: Mapping[str, Method[Any]]
    ) -> tuple[Method[Any], BaseModel]:
        """The chosen method with its default options."""
        chosen = methods[WITH_QUERY if query else WITHOUT_QUERY]
        return chosen, chosen.options_model()

    def score(self, passages: Sequence[Passage], query: str | None, options: NoOptions) -> Scored:
        """Never called: `delegate` hands every request to the chosen method."""
        raise NotImplementedError("auto hands every request to another method")
