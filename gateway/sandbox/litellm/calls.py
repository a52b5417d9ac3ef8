"""One call to a model, and how spend log and callback tell it."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.requests import Request

from gateway.sandbox.litellm.catalog import SandboxModel
from gateway.sandbox.litellm.refusals import Refusal
from gateway.sandbox.litellm.store import Key, SpendLog, token_of

MASTER_TOKEN = "litellm_proxy_master_key"  # noqa: S105 - how LiteLLM names its master key in logs
_DEFAULT_USER = "default_user_id"

_NO_ERROR: dict[str, Any] = {
    "error_code": "",
    "error_class": "",
    "llm_provider": "",
    "traceback": "",
    "error_message": "",
    "error_provider_request_id": None,
    "error_rate_limit_category": None,
    "error_rate_limit_type": None,
    "error_budget_entity_type": None,
    "error_budget_entity_id": None,
    "error_budget_limit": None,
    "error_budget_spend": None,
    "normalized_error": None,
}

# Fields that LiteLLM sends and that are empty here: a receiver has to bear with them.
_EMPTY = dict.fromkeys(
    (
        "autorouter_baseline_observation",
        "autorouter_savings",
        "autorouter_savings_estimate",
        "request_model_access_groups",
        "zero_cost_diagnostic",
    )
)
_EMPTY_METADATA = dict.fromkeys(
    (
        "routing_decision",
        "team_alias",
        "team_id",
        "used_client_oauth_token",
        "user_api_key_org_alias",
        "user_api_key_project_alias",
        "user_api_key_project_id",
        "user_api_key_team_max_budget",
        "user_api_key_team_spend",
        "user_api_key_user_max_budget",
        "user_api_key_user_spend",
    )
)


@dataclass
class Call:
    """Filled in as the call goes on. `given_key` is what the caller sent, whether it is a key or not."""

    route: str
    kind: str
    client: str
    user_agent: str
    headers: dict[str, str]
    given_key: str | None = None
    key: Key | None = None
    master: bool = False
    model: SandboxModel | None = None
    stream: bool | None = None
    messages: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    end_user: str | None = None
    response: Any = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    refusal: Refusal | None = None
    limit_headers: dict[str, str] = field(default_factory=dict)
    id: str = ""
    call_id: str = field(default_factory=lambda: str(uuid4()))
    trace_id: str = field(default_factory=lambda: str(uuid4()))
    started: float = field(default_factory=time.time)
    first_token: float | None = None
    ended: float = 0.0

    @classmethod
    def begin(cls, request: Request, kind: str) -> "Call":
        headers = {name: value for name, value in request.headers.items() if name not in ("authorization", "cookie")}
        client = request.client.host if request.client else "127.0.0.1"
        return cls(request.url.path, kind, client, request.headers.get("user-agent", ""), headers)

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def input_cost(self) -> float:
        return self.prompt_tokens * self.model.input_cost if self.model and not self.refusal else 0.0

    @property
    def output_cost(self) -> float:
        return self.completion_tokens * self.model.output_cost if self.model and not self.refusal else 0.0

    @property
    def cost(self) -> float:
        """US dollars, with the noise of binary floats as LiteLLM has it."""
        return self.input_cost + self.output_cost

    @property
    def user_id(self) -> str | None:
        return self.key.user_id if self.key else _DEFAULT_USER if self.master else None

    @property
    def token(self) -> str | None:
        """What the callback says as key: for an unusable one whatever was sent, hashed only if it looked like a key."""
        if self.key:
            return self.key.token
        if self.master:
            return MASTER_TOKEN
        return token_of(self.given_key) if self.given_key else None

    def usage(self) -> dict[str, Any]:
        return {
            "completion_tokens": self.completion_tokens,
            "prompt_tokens": self.prompt_tokens,
            "total_tokens": self.total_tokens,
            "completion_tokens_details": None,
            "prompt_tokens_details": None,
        }

    def error_information(self) -> dict[str, Any]:
        if self.refusal is None:
            return dict(_NO_ERROR)
        return _NO_ERROR | {
            "error_code": "" if self.refusal.error_class == "Exception" else str(self.refusal.status),
            "error_class": self.refusal.error_class,
            "error_message": self.refusal.message,
            "llm_provider": self.model.provider if self.model else "",
            "normalized_error": self.refusal.category,
            **self.refusal.facts,
        }

    def to_event(self) -> dict[str, Any]:
        """LiteLLM's StandardLoggingPayload: what the generic_api callback sends, prompt and answer included."""
        key, failed = self.key, self.refusal is not None
        return {
            **_EMPTY,
            "id": self.call_id if failed else self.id or self.call_id,
            "litellm_call_id": self.call_id,
            "trace_id": self.trace_id,
            "session_id": "",
            "call_type": self.kind,
            "cache_hit": False if failed or self.stream else None,
            "stream": self.stream or None,
            "status": "failure" if failed else "success",
            "status_fields": {"llm_api_status": "failure" if failed else "success", "guardrail_status": "not_run"},
            "custom_llm_provider": self.model.provider if self.model else None,
            "saved_cache_cost": 0.0,
            "startTime": self.started,
            "endTime": self.ended,
            "completionStartTime": self.first_token or self.ended,
            "response_time": self.ended - self.started,
            "model": self.model.behind if self.model else "",
            "metadata": {
                **_EMPTY_METADATA,
                "user_api_key_hash": self.token,
                "user_api_key_alias": key.key_alias if key else None,
                "user_api_key_spend": key.spend if key else 0.0,
                "user_api_key_max_budget": key.max_budget if key else None,
                "user_api_key_budget_reset_at": _iso(key.budget_reset_at) if key else None,
                "user_api_key_team_id": key.team_id if key else None,
                "user_api_key_user_id": self.user_id,
                "user_api_key_team_alias": None,
                "user_api_key_org_id": None,
                "user_api_key_user_email": None,
                "user_api_key_end_user_id": self.end_user,
                "user_api_key_request_route": self.route,
                "spend_logs_metadata": None,
                "requester_ip_address": self.client,
                "user_agent": self.user_agent,
                "requester_metadata": {"headers": self.headers, "used_client_oauth_token": False},
                "prompt_management_metadata": None,
                "applied_guardrails": [],
                "mcp_tool_call_metadata": None,
                "vector_store_request_metadata": None,
                "usage_object": {} if failed else self.usage(),
                "requester_custom_headers": {},
                "cold_storage_object_key": None,
                "user_api_key_auth_metadata": key.metadata if key else {},
            },
            "cache_key": None,
            "response_cost": self.cost,
            "cost_breakdown": None if failed else self._costs(),
            "total_tokens": 0 if failed else self.total_tokens,
            "prompt_tokens": 0 if failed else self.prompt_tokens,
            "completion_tokens": 0 if failed else self.completion_tokens,
            "request_tags": [f"User-Agent: {self.user_agent.partition('/')[0]}", f"User-Agent: {self.user_agent}"],
            "end_user": self.end_user,
            "api_base": "",
            "model_group": self.model.name if self.model else "",
            "model_id": self.model.id if self.model else "",
            "requester_ip_address": self.client,
            "user_agent": self.user_agent,
            "messages": self.messages,
            "response": {} if failed else self.response,
            "model_parameters": self.parameters,
            "hidden_params": {
                "model_id": self.model.id if self.model else None,
                "cache_key": None,
                "api_base": "",
                "response_cost": self.cost,
                "additional_headers": self.limit_headers,
                "litellm_overhead_time_ms": None,
                "litellm_model_name": self.model.behind if self.model else None,
                "usage_object": None,
            },
            "model_map_information": {
                "model_map_key": self.model.behind if self.model else "",
                "model_map_value": self.model.to_map_value() if self.model else None,
            },
            "error_str": self.refusal.message if self.refusal else None,
            "error_information": self.error_information(),
            "response_cost_failure_debug_info": None,
            "guardrail_information": None,
            "standard_built_in_tools_params": {"web_search_options": None, "file_search": None},
        }

    def to_spend_log(self) -> SpendLog:
        """The row of `/spend/logs/v2`; it has no content of prompt or answer."""
        failed = self.refusal is not None
        status = "failure" if failed else "success"
        token = self.token or ""
        if token and not self.key and not self.master:
            # Here it is hashed in any case.
            token = token if _is_hash(token) else hashlib.sha256(token.encode()).hexdigest()
        log_id = self.call_id if failed or not self.id else self.id
        sent = self.prompt_tokens if self.id else 0
        row = {
            "request_id": log_id,
            "call_type": self.kind,
            "api_key": token,
            "spend": float(f"{self.cost:.15g}"),  # the database's digits, not the callback's
            # Unlike the callback, the log counts what a model was sent that then failed.
            "total_tokens": sent if failed else self.total_tokens,
            "prompt_tokens": sent if failed else self.prompt_tokens,
            "completion_tokens": 0 if failed else self.completion_tokens,
            "startTime": _iso(self.started),
            "endTime": _iso(self.ended),
            "completionStartTime": _iso(self.first_token or self.ended),
            "model": self.model.behind if self.model else "",
            "model_id": self.model.id if self.model else "",
            "model_group": self.model.name if self.model else "",
            "custom_llm_provider": self.model.provider if self.model else "",
            "api_base": "",
            "user": self.user_id or "",
            "metadata": {
                "status": "failure" if failed else None,
                "user_agent": self.user_agent,
                "usage_object": {} if failed else self.usage(),
                "user_api_key": token,
                "cost_breakdown": None if failed else self._costs(),
                "litellm_call_id": self.call_id,
                "error_information": self.error_information() if failed else None,
                "applied_guardrails": [],
                "user_api_key_alias": self.key.key_alias if self.key else None,
                "user_api_key_user_id": self.user_id,
                "user_api_key_team_id": self.key.team_id if self.key else None,
                "requester_ip_address": self.client,
            },
            "cache_hit": "False" if failed else "None",
            "cache_key": "Cache OFF",
            "request_tags": [],
            "team_id": "",
            "organization_id": "",
            "end_user": self.end_user or "",
            "requester_ip_address": self.client,
            "messages": {},
            "response": {},
            "session_id": self.trace_id,
            "status": status,
            "mcp_namespaced_tool_name": None,
            "agent_id": None,
            "litellm_call_id": self.call_id,
            "request_duration_ms": round((self.ended - self.started) * 1000),
        }
        started = datetime.fromtimestamp(self.started, UTC)
        return SpendLog(
            request_id=log_id,
            started=started.replace(microsecond=started.microsecond // 1000 * 1000),
            token=token,
            user_id=self.user_id or "",
            status=status,
            cost=self.cost,
            content=row,
        )

    def _costs(self) -> dict[str, Any]:
        return {
            "input_cost": self.input_cost,
            "output_cost": self.output_cost,
            "total_cost": self.cost,
            "tool_usage_cost": 0.0,
            "original_cost": self.cost,
            "discount_percent": 0.0,
            "discount_amount": 0.0,
            "margin_percent": 0.0,
            "margin_fixed_amount": 0.0,
            "margin_total_amount": 0.0,
        }


def encode_events(events: list[dict[str, Any]]) -> bytes:
    """The callback's body: a JSON array, spelled as LiteLLM spells it."""
    return json.dumps(events, separators=(", ", ": ")).encode()


def _is_hash(token: str) -> bool:
    return len(token) == 64 and all(character in "0123456789abcdef" for character in token)


def _iso(moment: float | datetime | None) -> str | None:
    if isinstance(moment, float):
        moment = datetime.fromtimestamp(moment, UTC)
        return moment.isoformat(timespec="milliseconds")
    return moment.isoformat() if moment else None
