"""Examples for collectors: valid as far as that shows without one, and about the fields that lines have."""

import json
import re
from typing import Any

import jsonschema
import pytest
import structlog
import yaml

from gateway.logs import configure_logging
from tests.deploy.crds import SCHEMAS
from tests.deploy.tools import DEPLOY
from tests.portal import restored_logging

FORWARDER = DEPLOY / "logging" / "cluster-log-forwarder.yaml"
VECTOR = DEPLOY / "logging" / "vector.yaml"


def a_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with restored_logging():
        configure_logging(pretty=False)
        with structlog.contextvars.bound_contextvars(request_id="r", actor="a", operation="o", trace_id="t"):
            structlog.get_logger("ours").warning("odd")
    line: dict[str, Any] = json.loads(capsys.readouterr().err)
    return line


def test_the_forwarder_names_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    forwarder = yaml.safe_load(FORWARDER.read_text())
    jsonschema.validate(forwarder, SCHEMAS["ClusterLogForwarder"])
    spec = forwarder["spec"]
    for pipeline in spec["pipelines"]:
        for refs, kind in (("inputRefs", "inputs"), ("filterRefs", "filters"), ("outputRefs", "outputs")):
            assert set(pipeline[refs]) <= {each["name"] for each in spec[kind]}
    (told,) = re.findall(r"with (.+) in it", FORWARDER.read_text())
    assert set(re.split(r", | and ", told)) <= a_line(capsys).keys()


def test_a_mistake_in_the_forwarder_would_be_found() -> None:
    forwarder = yaml.safe_load(FORWARDER.read_text())
    forwarder["spec"]["filters"][0]["kind"] = "parse"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(forwarder, SCHEMAS["ClusterLogForwarder"])


def test_vectors_parts_are_connected(capsys: pytest.CaptureFixture[str]) -> None:
    config = yaml.safe_load(VECTOR.read_text())
    parts = {**config["sources"], **config["transforms"]}
    for each in (*config["transforms"].values(), *config["sinks"].values()):
        assert set(each["inputs"]) <= parts.keys()
    program = config["transforms"]["fields"]["source"]
    made = set(re.findall(r"^\s*\.(\w+) =", program, re.M))
    labels = config["sinks"]["loki"]["labels"].values()
    assert {name for label in labels for name in re.findall(r"{{ (\w+) }}", label)} <= made | a_line(capsys).keys()
    for open_, close in ("{}", "()"):
        assert program.count(open_) == program.count(close)


@pytest.mark.parametrize("file", [FORWARDER, VECTOR], ids=lambda file: file.stem)
def test_only_pods_of_litemaas_are_read(file: Any) -> None:
    from tests.deploy.test_manifests import SETS, of_kind

    assert re.search(r"app\.kubernetes\.io/name[=:] ?litemaas", file.read_text())
    for source in SETS:
        for deployment in of_kind(source, "Deployment"):
            assert deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "litemaas"
