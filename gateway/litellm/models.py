"""The models that LiteLLM offers, one per name, from `/model/info` which lists deployments."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.litellm.wire import exact_money


@dataclass(frozen=True)
class ModelInfo:
    """A model by the name that callers write into `model`.

    Several deployments may stand behind one name: costs are then the highest, token limits the lowest and
    `capabilities` the common ones, so that what is said holds whichever answers. Costs are US dollars per token, None
    when LiteLLM knows none; `capabilities` are LiteLLM's `supports_…` without that prefix: "vision", "web_search".
    `access` is what the proxy's operator wrote into `model_info` as `litemaas_access`: "open" when nothing,
    else "restricted" or "hidden".
    """

    name: str
    provider: str
    mode: str
    description: str | None
    max_input_tokens: int | None
    max_output_tokens: int | None
    input_cost_per_token: Decimal | None
    output_cost_per_token: Decimal | None
    capabilities: frozenset[str]
    access: str = "open"


def read_models(deployments: Iterable[dict[str, Any]]) -> list[ModelInfo]:
    """One ModelInfo per name, in LiteLLM's order. Wildcard entries ("openai/*") are no models and left out."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for deployment in deployments:
        name = deployment.get("model_name")
        if isinstance(name, str) and name and "*" not in name:
            groups.setdefault(name, []).append(deployment)
    return [_group(name, group) for name, group in groups.items()]


def _group(name: str, deployments: list[dict[str, Any]]) -> ModelInfo:
    infos = [deployment.get("model_info") or {} for deployment in deployments]
    first = infos[0]
    params = deployments[0].get("litellm_params") or {}
    return ModelInfo(
        name=name,
        provider=first.get("litellm_provider") or _prefix(params.get("model")) or "unknown",
        mode=first.get("mode") or "chat",  # LiteLLM treats a model without a mode so
        description=first.get("description") or None,
        max_input_tokens=_least(infos, "max_input_tokens"),
        max_output_tokens=_least(infos, "max_output_tokens"),
        input_cost_per_token=_dearest(infos, "input_cost_per_token"),
        output_cost_per_token=_dearest(infos, "output_cost_per_token"),
        capabilities=frozenset.intersection(*(_capabilities(info) for info in infos)),
        access=str(first.get("litemaas_access") or "open"),
    )


def _prefix(model: object) -> str | None:
    provider, slash, _ = str(model or "").partition("/")
    return provider if slash else None


def _numbers(infos: list[dict[str, Any]], field: str) -> list[Decimal]:
    return [Decimal(str(info[field])) for info in infos if isinstance(info.get(field), int | float | Decimal)]


def _least(infos: list[dict[str, Any]], field: str) -> int | None:
    found = _numbers(infos, field)
    return int(min(found)) if found else None


def _dearest(infos: list[dict[str, Any]], field: str) -> Decimal | None:
    found = _numbers(infos, field)
    return exact_money(max(found)) if found else None


def _capabilities(info: dict[str, Any]) -> frozenset[str]:
    return frozenset(
        field.removeprefix("supports_")
        for field, value in info.items()
        if field.startswith("supports_") and value is True
    )
