"""Alerts and dashboards: tried with promtool, of metrics that exist, and each alert with its section in the runbook."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import gateway.app
from tests.deploy.tools import DEPLOY, ROOT, run

RULES = DEPLOY / "prometheus" / "rules.yaml"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
]
DASHBOARDS = sorted(DEPLOY.glob("grafana/*.json"))


def told() -> dict[str, set[str]]:
    """Each series by its name in queries, with its labels."""
    assert gateway.app, "it registers them all"
    series: dict[str, set[str]] = {}
    for metric in REGISTRY.collect():
        collector = REGISTRY._names_to_collectors.get(metric.name)
        labels = set(getattr(collector, "_labelnames", ()))
        endings = {
            "counter": {"_total": labels},
            "histogram": {"_bucket": labels | {"le"}, "_sum": labels, "_count": labels},
            "summary": {"_sum": labels, "_count": labels},
        }.get(metric.type, {"": labels})
        series |= {metric.name + ending: names for ending, names in endings.items()}
    return series


def asked(expression: str) -> dict[str, set[str]]:
    """The series in a query, with the labels that it selects by."""
    found: dict[str, set[str]] = {}
    for name, _, selector in re.findall(r"\b((?:litemaas|process)_\w+)(\{([^}]*)\})?", expression):
        found.setdefault(name, set()).update(re.findall(r'(\w+)\s*[=!]~?=?\s*"', selector))
    return found


def grouped(expression: str) -> set[str]:
    return {name.strip() for names in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression) for name in names.split(",")}


QUERIES = [(alert["alert"], alert["expr"]) for alert in ALERTS] + [
    (f"{path.stem}: {panel['title']}", target["expr"])
    for path in DASHBOARDS
    for panel in json.loads(path.read_text())["panels"]
    for target in panel["targets"]
]


@pytest.mark.parametrize(("name", "expression"), QUERIES)
def test_queries_ask_for_what_is_told(name: str, expression: str) -> None:
    series = told()
    queried = asked(expression)
    assert queried
    assert [each for each in queried if each not in series] == []
    from_prometheus = {"instance", "job"}
    for each, labels in queried.items():
        assert labels <= series[each], each
    assert grouped(expression) <= set.union(*(series[each] for each in queried)) | from_prometheus


def test_the_rules_are_tried() -> None:
    for arguments in (("check", "rules", RULES), ("test", "rules", DEPLOY / "prometheus" / "rules_test.yaml")):
        tried = run("promtool", *arguments)
        assert tried.returncode == 0, tried.stdout + tried.stderr


def test_dashboards_queries_are_promql(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, (_, query) in enumerate(QUERIES)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    checked = run("promtool", "check", "rules", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tried_and_explained() -> None:
    tried = (DEPLOY / "prometheus" / "rules_test.yaml").read_text()
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    sections = re.findall(r"^## (\w+)$", runbook, re.M)
    assert [alert["alert"] for alert in ALERTS] == sections
    for alert in ALERTS:
        name = alert["alert"]
        assert f'"{name}"' in tried, f"no test lets {name} fire"
        assert alert["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
