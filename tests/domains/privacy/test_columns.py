"""What text the tables can hold: none of it is what was said to a model, or by one."""

from sqlalchemy import ARRAY, Enum, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from gateway import app
from gateway.db import metadata

# Each column with its purpose. A new one needs a line here, and a look at whether an erasure and a retention find it.
TEXTS = {
    "access_token.last_four": "the end of a secret",
    "access_token.last_used_address": "where a program asked from",
    "access_token.name": "what its owner calls it",
    "access_token.scopes": "words of ours",
    "access_token.token_hash": "a hash",
    "api_key.budget_duration": "a length of time",
    "api_key.client_mutation_id": "what a request called itself",
    "api_key.name": "what its owner calls it",
    "api_key_generation.client_mutation_id": "what a request called itself",
    "api_key_generation.drift": "limits and models of a key in LiteLLM",
    "api_key_generation.last_four": "the end of a secret",
    "api_key_generation.prefix": "the beginning of a secret",
    "api_key_generation.told": "limits and models of a key in LiteLLM",
    "api_key_generation.token_hash": "a hash",
    "app_user.display_name": "a person's name",
    "app_user.email": "a person's address",
    "app_user.issuer": "who signs the person in",
    "app_user.subject": "the issuer's name for the person",
    "app_user.username": "a person's name",
    "audit_anchor.hash": "a hash",
    "audit_entry.action": "a word of ours",
    "audit_entry.actor": "a person's name",
    "audit_entry.address": "where a request came from",
    "audit_entry.detail": "ids, values before and after, names of keys and tokens, reasons that admins gave",
    "audit_entry.request_id": "an id",
    "audit_entry.target": "a kind and an id",
    "audit_seal.hash": "a hash",
    "audit_seal.previous": "a hash",
    "job_run.name": "a word of ours",
    "key_rules.budget_duration": "a length of time",
    "ledger_mismatch.call_id": "an id",
    "ledger_mismatch.model_name": "a model's name",
    "ledger_mismatch.problems": "names of columns",
    "ledger_slice.problem": "a sentence of ours",
    "ledger_state.last_error": "a sentence of ours",
    "login_session.address": "where a sign-in came from",
    "login_session.sealed_id_token": "encrypted with the cookie's value",
    "login_session.token_hash": "a hash",
    "login_session.user_agent": "what a browser calls itself",
    "model.capabilities": "words of ours",
    "model.description": "what LiteLLM's configuration says of it",
    "model.name": "a model's name",
    "model.provider": "a provider's name",
    "model_price.model_name": "a model's name",
    "model_subscription.budget_duration": "a length of time",
    "model_subscription.justification": "why its owner asks",
    "model_subscription.reason": "why an admin decided so",
    "notification.actor": "a person's name",
    "notification.reason": "why an admin decided so",
    "notification.source": "ids",
    "quota_change.budget_duration": "a length of time",
    "quota_change.justification": "why its owner asks",
    "quota_change.reason": "why an admin decided so",
    "subscription_change.actor": "a person's name",
    "subscription_change.limits": "values before and after",
    "subscription_change.reason": "why it was asked for, or decided so",
    "subscription_rules.budget_duration": "a length of time",
    "usage_block.model_name": "a model's name",
    "usage_block.provider": "a provider's name",
    "usage_block.status": "a word or a number",
    "usage_daily.model_name": "a model's name",
    "usage_daily.provider": "a provider's name",
    "usage_daily.status": "a word or a number",
    "usage_event.call_id": "an id",
    "usage_event.call_type": "a word of LiteLLM's",
    "usage_event.error_code": "a word or a number",
    "usage_event.model_name": "a model's name",
    "usage_event.provider": "a provider's name",
    "usage_event.request_id": "an id",
    "usage_event.status": "a word or a number",
    "usage_event.token_hash": "a hash",
    "usage_hourly.model_name": "a model's name",
    "usage_hourly.provider": "a provider's name",
    "usage_hourly.status": "a word or a number",
    "usage_member.dimension": "a word of ours",
    "usage_member.member": "an id, or a model's, provider's or status's name",
    "usage_quarter.dimension": "a word of ours",
    "usage_quarter.member": "an id, or a model's, provider's or status's name",
    "usage_speed.dimension": "a word of ours",
    "usage_speed.member": "a model's or provider's name",
    "usage_speed.unit": "a word of ours",
}


def test_each_column_with_text_is_known_with_its_purpose() -> None:
    assert app, "every domain's tables are loaded"
    found = set()
    for table in metadata.tables.values():
        for column in table.columns:
            kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
            if isinstance(kind, String | ARRAY | JSONB) and not isinstance(kind, Enum):
                found.add(f"{table.name}.{column.name}")
    assert found == set(TEXTS)
