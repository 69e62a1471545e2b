"""Every method that is registered is a whole one."""

import pytest

from promptpress.backends.loader import ModelLoader
from promptpress.backends.models import ModelRole
from promptpress.errors import UnknownMethod
from promptpress.methods.base import NoOptions
from promptpress.methods.registry import MethodInstances, method_class, method_classes, methods


def test_auto_is_first_and_nothing_is_lost() -> None:
    assert methods()[0] == "auto"
    assert tuple(method_classes()) == methods()


@pytest.mark.parametrize("name", methods())
def test_a_method_tells_what_a_list_needs(name: str) -> None:
    cls = method_class(name)
    assert cls.name == name
    assert cls.summary
    assert cls.__doc__
    assert cls.query_use in ("required", "used", "ignored")
    assert all(isinstance(role, ModelRole) for role in cls.model_roles)


@pytest.mark.parametrize("name", methods())
def test_options_are_described_strict_and_optional(name: str) -> None:
    model = method_class(name).options_model
    model()
    assert model.model_config.get("extra") == "forbid"
    assert model.__doc__
    if model is not NoOptions and name != "random":
        assert all(field.description for field in model.model_fields.values())


def test_a_method_is_made_once_and_only_when_asked_for() -> None:
    instances = MethodInstances(ModelLoader().models())
    assert list(instances) == list(methods())
    assert len(instances) == len(methods())
    assert instances["hybrid"] is instances["hybrid"]
    assert {method.name for method in instances.usable()} <= set(methods())


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(UnknownMethod, match="auto, evidence") as caught:
        method_class("zip" * 100)
    assert caught.value.field == "method"
    assert len(caught.value.message) < 400
