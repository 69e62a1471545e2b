import pytest

from promptpress import BudgetInfeasible
from promptpress.backends.loader import ModelLoader
from promptpress.methods.registry import MethodInstances
from promptpress.pipeline.pipeline import run_pipeline
from promptpress.pipeline.state import PipelineResult, Protection, Target, Task
from promptpress.text.tokenization import counter_for

METHOD = MethodInstances(ModelLoader().models())["bm25"]
COUNTER = counter_for()
LONG = "The committee met in March and talked about the harbour, the fees, the lock and the two cranes for nine hours."
TEXTS = ["The bird sang. A fish swam.", f"{LONG} The mayor smiled.", "The cat sat. The dog ran."]


def run(tokens: int, owners: list[int]) -> PipelineResult:
    target = Target(tokens=tokens)
    options = METHOD.options_model()
    texts = [("", text) for text in TEXTS]
    return run_pipeline(Task(texts, "harbour", target, METHOD, options, Protection("facts"), COUNTER, owners=owners))


def test_the_best_unit_of_each_item_stays() -> None:
    result = run(COUNTER.count(LONG) + 12, [0, 1, 2])
    assert result.rendered[1].text == LONG
    assert all(rendered.text for rendered in result.rendered)


def test_where_it_does_not_fit_a_smaller_one_does() -> None:
    result = run(COUNTER.count(LONG), [0, 1, 2])
    assert result.rendered[1].text.strip() == "The mayor smiled."
    assert all(rendered.text for rendered in result.rendered)


def test_the_texts_of_one_item_count_together() -> None:
    result = run(COUNTER.count(LONG), [0, 0, 0])
    assert [rendered.text for rendered in result.rendered] == ["", LONG, ""]


def test_the_smallest_target_is_enough() -> None:
    with pytest.raises(BudgetInfeasible) as error:
        run(6, [0, 1, 2])
    smallest = int(str(error.value.details["smallest_target_tokens"]))
    result = run(smallest, [0, 1, 2])
    assert result.tokens_after <= smallest
    assert all(rendered.text for rendered in result.rendered)
