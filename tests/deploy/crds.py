"""Schemas of the resources that are not Kubernetes' own: as much of them as deploy/ uses, and nothing else is let through."""

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_DURATION = {"type": "string", "pattern": r"^(\d+(ms|s|m|h|d))+$"}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }


def _resource(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = _object({"name": _TEXT, "namespace": _TEXT, "labels": _TEXTS, "annotations": _TEXTS}, "name")
    return _object({"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": metadata, "spec": spec})


_RULE = _object(
    {"alert": _TEXT, "record": _TEXT, "expr": _TEXT, "for": _DURATION, "labels": _TEXTS, "annotations": _TEXTS}, "expr"
)
_GROUP = _object({"name": _TEXT, "interval": _DURATION, "rules": {"type": "array", "items": _RULE}}, "name", "rules")
_SELECTOR = _object({"matchLabels": _TEXTS})


def _named(kind: str, **of_kind: Any) -> dict[str, Any]:
    """A list of `{name, type: kind, …}`."""
    item = _object({"name": _TEXT, "type": {"const": kind}, **of_kind})
    return {"type": "array", "minItems": 1, "items": item}


_REFS = {"type": "array", "minItems": 1, "items": _TEXT}
_NAME = _object({"name": _TEXT})

SCHEMAS = {
    "ClusterLogForwarder": _resource(
        "observability.openshift.io/v1",
        "ClusterLogForwarder",
        _object(
            {
                "serviceAccount": _NAME,
                "inputs": _named(
                    "application",
                    application=_object(
                        {"includes": {"type": "array", "items": _object({"namespace": _TEXT})}, "selector": _SELECTOR}
                    ),
                ),
                "filters": _named("parse"),
                "outputs": _named(
                    "lokiStack",
                    lokiStack=_object(
                        {
                            "target": _object({"name": _TEXT, "namespace": _TEXT}),
                            "authentication": _object({"token": _object({"from": {"const": "serviceAccount"}})}),
                        }
                    ),
                    tls=_object({"ca": _object({"key": _TEXT, "configMapName": _TEXT})}),
                ),
                "pipelines": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object({"name": _TEXT, "inputRefs": _REFS, "filterRefs": _REFS, "outputRefs": _REFS}),
                },
            }
        ),
    ),
    "Route": _resource(
        "route.openshift.io/v1",
        "Route",
        _object(
            {
                "host": _TEXT,
                "to": _object({"kind": {"const": "Service"}, "name": _TEXT, "weight": {"type": "integer"}}),
                "port": _object({"targetPort": {"type": ["string", "integer"]}}),
                "tls": _object(
                    {
                        "termination": {"enum": ["edge", "reencrypt", "passthrough"]},
                        "insecureEdgeTerminationPolicy": {"enum": ["None", "Allow", "Redirect"]},
                    }
                ),
            }
        ),
    ),
    "ServiceMonitor": _resource(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        _object(
            {
                "selector": _SELECTOR,
                "endpoints": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object({"port": _TEXT, "path": _TEXT, "interval": _DURATION}),
                },
            }
        ),
    ),
    "PrometheusRule": _resource(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        _object({"groups": {"type": "array", "minItems": 1, "items": _GROUP}}),
    ),
}
