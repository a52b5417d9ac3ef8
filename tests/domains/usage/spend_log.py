"""Calls that LiteLLM has in its spend log, written into the sandbox's as if they had been made at any time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from gateway.usage import CallRecord


@dataclass(frozen=True)
class Call:
    """One call, and what LiteLLM's two accounts of it are: the callback's record and the log's row."""

    at: datetime
    token: str
    call_id: str = ""
    model: str = "small"
    success: bool = True
    prompt_tokens: int = 10
    spend: float = 0.001
    health_check: bool = False

    @property
    def id(self) -> str:
        return self.call_id or hashlib.sha256(repr((self.at, self.token, self.model)).encode()).hexdigest()[:32]

    @property
    def request_id(self) -> str:
        return f"chatcmpl-{self.id}" if self.success else self.id

    def record(self, **changes: Any) -> CallRecord:
        """The callback's: microseconds, money with its digits, and no tokens for a failure."""
        values: dict[str, Any] = {
            "call_id": self.id,
            "request_id": self.request_id,
            "occurred_at": self.at + timedelta(microseconds=123),
            "model_name": self.model,
            "success": self.success,
            "call_type": "acompletion",
            "prompt_tokens": self.prompt_tokens if self.success else 0,
            "completion_tokens": 20 if self.success else 0,
            "total_tokens": self.prompt_tokens + 20 if self.success else 0,
            "spend": Decimal(repr(self.spend)) if self.success else Decimal(0),
            "token_hash": self.token,
            "error_code": None if self.success else "500",
        }
        return CallRecord(**values | changes)

    def row(self) -> dict[str, Any]:
        tokens = {"prompt_tokens": self.prompt_tokens, "completion_tokens": 20 if self.success else 0}
        end = self.at + timedelta(milliseconds=1500)
        return {
            "request_id": self.request_id,
            "call_type": "acompletion",
            "api_key": "litellm-internal-health-check" if self.health_check else self.token,
            "spend": self.spend if self.success else 0,
            **tokens,
            "total_tokens": sum(tokens.values()),
            "startTime": self.at.isoformat(timespec="milliseconds"),
            "endTime": end.isoformat(timespec="milliseconds"),
            "completionStartTime": end.isoformat(timespec="milliseconds"),
            "model": f"openai/{self.model}",
            "model_group": self.model,
            "custom_llm_provider": "openai",
            "user": "",
            "team_id": "litellm-internal-health-check" if self.health_check else "",
            "status": "success" if self.success else "failure",
            "litellm_call_id": self.id,
            "metadata": {"error_information": None if self.success else {"error_code": "500", "error_class": "E"}},
        }


async def write(litellm_database_url: str, calls: Sequence[Call]) -> None:
    """Into the log, as LiteLLM does it: all at once, some time after the calls."""
    connection = await asyncpg.connect(litellm_database_url)
    try:
        await connection.executemany(
            "INSERT INTO spend_log (request_id, started, token, user_id, status, content) VALUES ($1, $2, $3, '', $4, $5)",
            [
                (
                    call.request_id,
                    call.at.replace(microsecond=call.at.microsecond // 1000 * 1000),
                    call.token,
                    "success" if call.success else "failure",
                    msgspec.json.encode(call.row()).decode(),
                )
                for call in calls
            ],
        )
    finally:
        await connection.close()


def a_token() -> str:
    return hashlib.sha256(uuid4().bytes).hexdigest()
