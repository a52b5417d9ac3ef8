"""Every manifest of every example: strictly valid, restricted, without a secret, and with an environment that the gateway starts from."""

import re
import secrets
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import certifi
import jsonschema
import kubernetes_validate
import pytest
import yaml

from gateway.settings import load_settings
from tests.deploy.crds import SCHEMAS
from tests.deploy.tools import DEPLOY, ROOT, run

CHART = DEPLOY / "helm" / "litemaas"
EXAMPLES = sorted(DEPLOY.glob("helm/examples/*.yaml"))
OVERLAYS = sorted(path.parent for path in DEPLOY.glob("kustomize/overlays/*/kustomization.yaml"))
TEMPLATE = DEPLOY / "openshift" / "template.yaml"
SETS = [*EXAMPLES, *OVERLAYS, TEMPLATE]
GIVEN = {
    "NAMESPACE": "litemaas",
    "HOST": "litemaas.apps.example.com",
    "IMAGE": "registry.example.com/litemaas@sha256:" + "0" * 64,
    "LITELLM_BASE_URL": "http://litellm.litellm.svc:4000",
    "LITELLM_PUBLIC_URL": "https://litellm.apps.example.com",
    "DATABASE_URL": "postgresql://litemaas:given-for-the-database@postgres:5432/litemaas",
    "LITELLM_MASTER_KEY": "sk-given-for-litellm",
    "LITELLM_WEBHOOK_SECRET": "given-for-the-callback",
    "SESSION_SECRET": "given-for-the-sessions",
}
VERSIONS = ("1.31", "1.34")  # what OpenShift 4.18 and 4.21 are made of

every_set = pytest.mark.parametrize("source", SETS, ids=lambda path: f"{path.parent.name}-{path.stem}")


@cache
def manifests(source: Path) -> list[dict[str, Any]]:
    if source == TEMPLATE:
        return processed(GIVEN)
    if source in OVERLAYS:
        made = run("kubectl", "kustomize", source)
    else:
        options = ("--namespace", "litemaas", "--values", source, "--api-versions", "route.openshift.io/v1")
        made = run("helm", "template", "litemaas", CHART, *options)
    assert made.returncode == 0, made.stderr
    return [each for each in yaml.safe_load_all(made.stdout) if each]


def processed(given: dict[str, str]) -> list[dict[str, Any]]:
    """The template's objects as `oc process` makes them of parameters. Raises KeyError for one that is required and missing."""
    template = yaml.safe_load(TEMPLATE.read_text())
    values = {
        each["name"]: given.get(each["name"], each.get("value")) or ("" if not each.get("required") else None)
        for each in template["parameters"]
    }
    for name, value in values.items():
        if value is None:
            raise KeyError(name)

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {filled(name): filled(value) for name, value in part.items()}
        if isinstance(part, list):
            return [filled(each) for each in part]
        return re.sub(r"\$\{(\w+)\}", lambda match: str(values[match[1]]), part) if isinstance(part, str) else part

    return [filled(each) for each in template["objects"]]


def of_kind(source: Path, kind: str) -> list[dict[str, Any]]:
    return [each for each in manifests(source) if each["kind"] == kind]


def pods(source: Path) -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"] for each in manifests(source) if each["kind"] in ("Deployment", "Job")]


def gateway_pod(source: Path) -> dict[str, Any]:
    return next(pod for pod in pods(source) if pod["containers"][0]["name"] == "gateway")


def test_there_are_sets_to_look_at() -> None:
    assert [path.stem for path in SETS] == [
        *("external-databases", "oidc", "openshift", "trial"),
        *("kubernetes", "openshift"),
        "template",
    ]


@every_set
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_strictly_valid(source: Path, version: str) -> None:
    for each in manifests(source):
        if each["kind"] in SCHEMAS:
            jsonschema.validate(each, SCHEMAS[each["kind"]])
        else:
            kubernetes_validate.validate(each, version, strict=True)


def test_a_mistake_would_be_found() -> None:
    deployment = of_kind(OVERLAYS[0], "Deployment")[0]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment | {"replicas": 2}, VERSIONS[0], strict=True)
    route = of_kind(OVERLAYS[1], "Route")[0]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(route | {"spec": route["spec"] | {"hots": "x"}}, SCHEMAS["Route"])


@every_set
def test_pods_keep_to_the_restricted_standard(source: Path) -> None:
    for pod in pods(source):
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]
            if container["name"] in ("gateway", "migrate"):
                assert security["readOnlyRootFilesystem"] is True
                assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
                assert "command" not in container, "the image's entry point is enough, without a shell"


@every_set
def test_no_secret_comes_from_us(source: Path) -> None:
    for secret in of_kind(source, "Secret"):
        if source == TEMPLATE and secret["type"] == "Opaque":
            assert secret["stringData"] == {name: GIVEN.get(name, "") for name in secret["stringData"]}
            continue
        assert secret["type"] == "kubernetes.io/service-account-token"
        assert not {"data", "stringData"} & secret.keys()


def environment(source: Path, trusted: Path) -> dict[str, str]:
    """What the gateway's container gets, with made-up secrets."""
    container = gateway_pod(source)["containers"][0]
    env: dict[str, str] = {}
    for each in container.get("envFrom", ()):
        if "configMapRef" in each:
            name = each["configMapRef"]["name"]
            env |= next(map_ for map_ in of_kind(source, "ConfigMap") if map_["metadata"]["name"] == name)["data"]
        else:
            names = ("DATABASE_URL", "LITELLM_MASTER_KEY", "LITELLM_WEBHOOK_SECRET", "SESSION_SECRET")
            env |= dict.fromkeys((*names, "OAUTH_CLIENT_SECRET"), "")
    for each in container["env"]:
        if not each.get("valueFrom", {}).get("secretKeyRef", {}).get("optional") and each.get("value") != "":
            env[each["name"]] = each.get("value", "")
    for name, value in env.items():
        if name == "DATABASE_URL":
            env[name] = value.replace("$(POSTGRES_PASSWORD)", "x") or "postgresql://litemaas:x@postgres:5432/litemaas"
        elif name == "OPENSHIFT_CA_FILE":
            mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
            assert all(file.startswith(mounts["trust"]) for file in value.split(","))
            env[name] = str(trusted)
        elif not value:
            env[name] = secrets.token_hex(32)
    return env


@every_set
def test_the_gateway_starts_from_its_environment(source: Path) -> None:
    settings = load_settings(environment(source, Path(certifi.where())))
    host = re.fullmatch(r"https://([^/]+)", settings.web.public_url)
    assert host
    routes = [each["spec"]["host"] for each in of_kind(source, "Route")]
    hosts = [rule["host"] for each in of_kind(source, "Ingress") for rule in each["spec"]["rules"]]
    assert set(routes + hosts) <= {host[1]}
    if settings.auth.provider == "openshift":
        (account,) = of_kind(source, "ServiceAccount")
        assert settings.auth.client_id == f"system:serviceaccount:litemaas:{account['metadata']['name']}"
        assert account["metadata"]["annotations"] == {
            "serviceaccounts.openshift.io/oauth-redirecturi.litemaas": f"{settings.web.public_url}/auth/callback"
        }


@every_set
def test_metrics_are_told_on_a_port_that_no_route_leads_to(source: Path) -> None:
    (service,) = (each for each in of_kind(source, "Service") if each["metadata"]["name"] == "litemaas")
    assert {each["name"]: each["port"] for each in service["spec"]["ports"]} == {"http": 8080, "metrics": 9090}
    assert load_settings(environment(source, Path(certifi.where()))).web.metrics_port == 9090
    for route in of_kind(source, "Route"):
        assert route["spec"]["port"] == {"targetPort": "http"}
    for ingress in of_kind(source, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            assert [path["backend"]["service"]["port"] for path in rule["http"]["paths"]] == [{"name": "http"}]
    for monitor in of_kind(source, "ServiceMonitor"):
        assert [each["port"] for each in monitor["spec"]["endpoints"]] == ["metrics"]
    (policy,) = of_kind(source, "NetworkPolicy")
    assert [[port["port"] for port in each["ports"]] for each in policy["spec"]["ingress"]] == [["http"], ["metrics"]]


def test_traces_are_let_out() -> None:
    source = DEPLOY / "helm/examples/openshift.yaml"
    container = gateway_pod(source)["containers"][0]
    env = {each["name"]: each for each in container["env"]}
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"] == "http://otel-collector.observability.svc:4318"
    assert env["OTEL_EXPORTER_OTLP_HEADERS"]["valueFrom"]["secretKeyRef"]["optional"] is True
    for policy in (of_kind(source, "NetworkPolicy")[0], of_kind(OVERLAYS[0], "NetworkPolicy")[0]):
        assert 4318 in [port["port"] for port in policy["spec"]["egress"][1]["ports"]]
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in environment(DEPLOY / "helm/examples/oidc.yaml", Path(certifi.where()))


@every_set
def test_files_of_trust_are_mounted(source: Path) -> None:
    pod = gateway_pod(source)
    env = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    for map_ in of_kind(source, "ConfigMap"):
        env |= map_["data"] if map_["metadata"]["name"].startswith("litemaas-settings") else {}
    sources = [
        item["path"]
        for volume in pod["volumes"]
        for each in volume.get("projected", {}).get("sources", ())
        for item in each["configMap"]["items"]
    ]
    files = env.get("OPENSHIFT_CA_FILE") or ""
    assert [f"/etc/litemaas/trust/{path}" for path in sources] == [each for each in files.split(",") if each]


def test_the_template_is_what_the_chart_says() -> None:
    written = subprocess.run([sys.executable, ROOT / ".ci" / "openshift_template.py"], capture_output=True, text=True)
    assert written.returncode == 0, written.stderr
    assert TEMPLATE.read_text() == written.stdout, "run `make template`"
    example = {(each["kind"], each["metadata"]["name"]) for each in manifests(DEPLOY / "helm/examples/openshift.yaml")}
    assert {(each["kind"], each["metadata"]["name"]) for each in processed(GIVEN)} == example | {("Secret", "litemaas")}


def test_the_template_has_no_default_for_a_secret() -> None:
    template = yaml.safe_load(TEMPLATE.read_text())
    parameters = {each["name"]: each for each in template["parameters"]}
    secret = next(each for each in template["objects"] if each["kind"] == "Secret")
    for name, value in secret["stringData"].items():
        assert value == f"${{{name}}}"
        assert not {"value", "generate", "from"} & parameters[name].keys()
        assert parameters[name].get("required", False) is (name != "REDIS_URL")
    for name in (name for name, each in parameters.items() if each.get("required") and "value" not in each):
        with pytest.raises(KeyError, match=name):
            processed({**GIVEN, name: ""})
    used = set(re.findall(r"\$\{(\w+)\}", yaml.safe_dump(template["objects"])))
    assert used == parameters.keys()
    left = yaml.safe_dump(processed(GIVEN))
    assert "${" not in left
    assert "helm" not in left.lower()


def test_the_chart_and_kustomize_run_the_same_container() -> None:
    chart = gateway_pod(DEPLOY / "helm/examples/openshift.yaml")["containers"][0]
    base = gateway_pod(DEPLOY / "kustomize/overlays/openshift")["containers"][0]
    same = (
        "args",
        "ports",
        "resources",
        "securityContext",
        "startupProbe",
        "livenessProbe",
        "readinessProbe",
        "lifecycle",
    )
    assert {name: chart[name] for name in same} == {name: base[name] for name in same}


def test_both_carry_the_alert_rules() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())
    for source in (DEPLOY / "helm/examples/openshift.yaml", DEPLOY / "kustomize/overlays/openshift"):
        assert [each["spec"] for each in of_kind(source, "PrometheusRule")] == [rules]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["existingSecret="], "existingSecret"),
        (["image.repository="], "repository"),
        (["publicUrl=litemaas.example.com"], "publicUrl"),
        (["auth.provider=sandbox"], "provider"),
        (["auth.oidc.issuer="], "issuer"),
        (["litellm.baseUrl="], "baseUrl"),
        (["replica=3"], "replica"),
        (["settings.SESSION_SECRET=0123456789abcdef0123456789abcdef"], "SESSION_SECRET"),
    ],
)
def test_the_chart_refuses(options: list[str], words: str) -> None:
    given = [argument for option in options for argument in ("--set", option)]
    made = run("helm", "template", "litemaas", CHART, "--values", DEPLOY / "helm/examples/oidc.yaml", *given)
    assert made.returncode != 0
    assert words in made.stderr
    assert made.stdout == ""


def test_the_chart_is_of_this_version() -> None:
    from gateway import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_helm_has_nothing_to_say_against_it() -> None:
    for example in EXAMPLES:
        linted = run("helm", "lint", "--strict", "--quiet", CHART, "--values", example)
        assert linted.returncode == 0, linted.stdout + linted.stderr
