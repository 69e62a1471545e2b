"""The dashboard and the alerts ask for metrics, labels and values that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptpress_service.observability import labels
from promptpress_service.observability.metrics import Metrics
from tests.service.observability.conftest import compression

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/promptpress.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]

# Put on every series by Prometheus itself.
SCRAPE_LABELS = {"job", "instance"}
VALUES = {
    "outcome": labels.OUTCOMES,
    "result": labels.CACHE_RESULTS,
    "state": frozenset(labels.BREAKER_STATES),
    "route": labels.ROUTES,
}


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"]
    for rule in RULES:
        yield rule["expr"]


@pytest.fixture(scope="module")
def samples() -> dict[str, set[str]]:
    """The labels of every sample that the service can show."""
    metrics = Metrics()
    metrics.request_started()
    metrics.observe_request("/v1/compress", "hybrid", "compressed", 0.1)
    metrics.observe_compression(compression())
    metrics.observe_error("internal")
    metrics.observe_cache("results", "hit")
    metrics.set_model_loaded("encoder")
    found: dict[str, set[str]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_what_is_asked_for_exists(expression: str, samples: dict[str, set[str]]) -> None:
    names = set(re.findall(r"\b(?:promptpress|process)_\w+", expression))
    assert names
    assert names <= samples.keys()
    known = set().union(*(samples[name] for name in names)) | SCRAPE_LABELS
    for selector in re.findall(r"\{([^}]*)\}", expression):
        for label, value in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"", selector):
            assert label in known
            if label in VALUES:
                alternatives = value.split("|")
                assert all(any(re.fullmatch(part, each) for each in VALUES[label]) for part in alternatives), value
            if label == "le":
                assert Metrics().registry.get_sample_value(next(iter(names)), {"le": value}) is not None
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        assert {label.strip() for label in group.split(",")} <= known
    if "histogram_quantile" in expression:
        assert all(name.endswith("_bucket") for name in names)


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_brackets_balance(expression: str) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    still_open: list[str] = []
    for character in re.sub(r"\"[^\"]*\"", "", expression):
        if character in closing.values():
            still_open.append(character)
        elif character in closing:
            assert still_open
            assert still_open.pop() == closing[character]
    assert not still_open


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["schemaVersion"] >= 36
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = {
        (x, y)
        for p in panels
        for x in range(p["gridPos"]["x"], p["gridPos"]["x"] + p["gridPos"]["w"])
        for y in [p["gridPos"]["y"]]
    }
    assert len(places) == sum(panel["gridPos"]["w"] for panel in panels)
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels)


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 5
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "description"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
