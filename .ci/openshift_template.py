"""Prints deploy/openshift/template.yaml: the chart's OpenShift example as an OpenShift template, with parameters where it has values.

The chart is rendered with names that stand nowhere else, which become parameters. What is Helm's own is left out.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy" / "helm" / "litemaas"
NAME = "litemaas"  # of the Secret, too

# What the rendered chart has: what stands in the template for it.
STAND_INS = {
    "image-of-the-template:tag": "${IMAGE}",
    "namespace-of-the-template": "${NAMESPACE}",
    "host.of.the.template": "${HOST}",
    "http://base.litellm.of.the.template": "${LITELLM_BASE_URL}",
    "http://public.litellm.of.the.template": "${LITELLM_PUBLIC_URL}",
    "namespace-of-litellm": "${LITELLM_NAMESPACE}",
    "admins-of-the-template": "${ADMIN_GROUP}",
    "auditors-of-the-template": "${AUDITOR_GROUP}",
    "192.0.2.0/24": "${ROUTER_NETWORK}",
    "http://collector.of.the.template:4318": "${OTEL_EXPORTER_OTLP_ENDPOINT}",
}
VALUES = {
    "image": {"repository": "image-of-the-template", "tag": "tag"},
    "existingSecret": NAME,
    "publicUrl": "https://host.of.the.template",
    "litellm": {
        "baseUrl": "http://base.litellm.of.the.template",
        "publicUrl": "http://public.litellm.of.the.template",
    },
    "auth": {"openshift": {"groups": ["admins-of-the-template", "auditors-of-the-template"]}},
    "settings": {
        "ADMIN_GROUPS": "admins-of-the-template",
        "AUDITOR_GROUPS": "auditors-of-the-template",
        "TRUSTED_PROXIES": "192.0.2.0/24",
    },
    "tracing": {"endpoint": "http://collector.of.the.template:4318"},
}
PARAMETERS: dict[str, tuple[str, str | None, bool]] = {  # (description, value, whether it must be given)
    "NAMESPACE": ("The project that this is created in.", None, True),
    "HOST": ("The host that browsers see, such as litemaas.apps.example.com.", None, True),
    "IMAGE": ("The image of LiteMaaS, with its tag or digest.", None, True),
    "LITELLM_BASE_URL": ("Where LiteMaaS reaches LiteLLM.", None, True),
    "LITELLM_PUBLIC_URL": ("Where people's own programs reach LiteLLM.", None, True),
    "LITELLM_NAMESPACE": ("The project of LiteLLM, whose callbacks are let in.", "litellm", True),
    "DATABASE_URL": ("postgresql://user:password@host:5432/litemaas", None, True),
    "LITELLM_MASTER_KEY": ("LiteLLM's master key.", None, True),
    "LITELLM_WEBHOOK_SECRET": ("What LiteLLM shows when it reports calls, from `openssl rand -hex 32`.", None, True),
    "SESSION_SECRET": ("From `openssl rand -hex 32`; the same each time, or all sign-ins under way fail.", None, True),
    "REDIS_URL": ("A Valkey or Redis, so that all replicas count rate limits together.", None, False),
    "ADMIN_GROUP": ("The group whose members are admins.", "litemaas-admins", True),
    "AUDITOR_GROUP": ("The group whose members are auditors.", "litemaas-auditors", True),
    "ROUTER_NETWORK": ("Where the routers' connections come from: the cluster's pod network.", "10.128.0.0/14", True),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("An OpenTelemetry collector, on its port for OTLP over HTTP.", None, False),
}
SECRETS = ("DATABASE_URL", "LITELLM_MASTER_KEY", "LITELLM_WEBHOOK_SECRET", "SESSION_SECRET", "REDIS_URL")
HEADER = """\
# LiteMaaS as an OpenShift template, for who wants one: the same objects as deploy/helm/examples/openshift.yaml makes.
# Written by `make template` from the chart. docs/deployment.md says how it is processed.
"""


def rendered() -> list[dict[str, Any]]:
    helm = shutil.which("helm", path=f"{ROOT / '.tools'}{os.pathsep}{os.environ['PATH']}")
    assert helm, "helm is missing: run .ci/tools"
    example = yaml.safe_load((ROOT / "deploy/helm/examples/openshift.yaml").read_text())
    example["networkPolicy"]["from"][-1]["namespaceSelector"]["matchLabels"] = {
        "kubernetes.io/metadata.name": "namespace-of-litellm"
    }
    values = yaml.safe_dump_all([merged(example, VALUES)])
    command = [helm, "template", "litemaas", str(CHART), "--namespace", "namespace-of-the-template", "--values", "-"]
    made = subprocess.run(  # noqa: S603
        [*command, "--api-versions", "route.openshift.io/v1"], input=values, capture_output=True, text=True, check=True
    )
    return [each for each in yaml.safe_load_all(made.stdout) if each]


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for name, value in other.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def without_helm(each: dict[str, Any]) -> dict[str, Any]:
    for holder in (each, each.get("spec", {}).get("template", {}) if each["kind"] in ("Deployment", "Job") else {}):
        for field in ("labels", "annotations"):
            kept = {
                name: value
                for name, value in holder.get("metadata", {}).get(field, {}).items()
                if not name.startswith("helm.sh/") and name != "app.kubernetes.io/managed-by"
            }
            if kept:
                holder["metadata"][field] = kept
            else:
                holder.get("metadata", {}).pop(field, None)
    return each


def template() -> dict[str, Any]:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": "litemaas"}},
        "type": "Opaque",
        "stringData": {name: f"${{{name}}}" for name in SECRETS},
    }
    return {
        "apiVersion": "template.openshift.io/v1",
        "kind": "Template",
        "metadata": {
            "name": "litemaas",
            "annotations": {
                "openshift.io/display-name": "LiteMaaS",
                "description": "A self-service portal and GraphQL gateway in front of a LiteLLM proxy.",
                "tags": "ai,gateway",
            },
        },
        "message": "LiteMaaS will be at https://${HOST}. LiteLLM's callback goes to http://litemaas.${NAMESPACE}.svc:8080/webhooks/litellm.",
        "parameters": [
            {"name": name, "description": description}
            | ({"value": value} if value is not None else {})
            | ({"required": True} if required else {})
            for name, (description, value, required) in PARAMETERS.items()
        ],
        "objects": [secret, *map(without_helm, rendered())],
    }


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def printed() -> str:
    text = yaml.dump(template(), Dumper=Dumper, sort_keys=False, width=1000)
    for found, stands_for in STAND_INS.items():
        text = text.replace(found, stands_for)
    return HEADER + text


if __name__ == "__main__":
    print(printed(), end="")
