"""What LiteLLM should have, computed from our rows and from nothing else.

The state of one generation is a JSON object, in SQL and in Python alike, so that two of them can be compared wherever they are:

    {"exists": false}
    {"exists": true, "models": [names], "model_rpm_limit": {name: number}, "model_tpm_limit": {name: number},
     "blocked": bool, "expires": unix seconds or null, "max_budget": text or null, ...}

A model counts only while its owner's subscription gives it, and a disabled owner's key is blocked, so a subscription that ends, is
suspended or used up and a person who leaves change what is wanted here without anybody calling us. A model's requests and tokens a
minute come from the subscription too, and hold for each of the owner's keys.
"""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from gateway.catalog import Model, ModelLifecycle
from gateway.db import table_of
from gateway.keys import policy
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model, generation
from gateway.litellm import UNSET, GenerateKey, KeyChanges, KeyInfo
from gateway.subscriptions import ModelSubscription, usable
from gateway.users import User

State = dict[str, Any]

ABSENT: State = {"exists": False}
UNSURE: State = {"sure": False}
# All is to be told again, though no request is under way whose fate nobody knows.
AGAIN: State = {"sure": True}

_model = table_of(Model)
_user = table_of(User)
_subscription = table_of(ModelSubscription)
_BY_MODEL = ("model_rpm_limit", "model_tpm_limit")
_SAME_NAMED = ("max_budget", "budget_duration", "rpm_limit", "tpm_limit", "max_parallel_requests")


def usable_models() -> ColumnElement[Any]:
    """What the key of the enclosing query may call now, and how fast, as the members of a state that subscriptions give."""

    def by_model(limit: ColumnElement[Any]) -> ColumnElement[Any]:
        given = func.jsonb_object_agg(_model.c.name, limit).filter(limit.is_not(None))
        return func.coalesce(given, literal({}, JSONB))

    names = func.jsonb_agg(aggregate_order_by(_model.c.name, _model.c.name))
    members: dict[str, Any] = {
        "models": func.coalesce(names, literal([], JSONB)),
        "model_rpm_limit": by_model(_subscription.c.rpm_limit),
        "model_tpm_limit": by_model(_subscription.c.tpm_limit),
    }
    given = (
        select(_json(members))
        .select_from(api_key_model)
        .join(_model, _model.c.id == api_key_model.c.model_id)
        .join(
            _subscription,
            and_(_subscription.c.model_id == api_key_model.c.model_id, _subscription.c.user_id == api_key.c.user_id),
        )
        .where(api_key_model.c.api_key_id == api_key.c.id, usable(), _model.c.lifecycle != ModelLifecycle.RETIRED)
    )
    return given.correlate(api_key).scalar_subquery()


def owner_disabled() -> ColumnElement[bool]:
    """Whether the owner of the enclosing query's key may not come in."""
    return exists().where(_user.c.id == api_key.c.user_id, _user.c.disabled_at.is_not(None)).correlate(api_key)


def wanted() -> ColumnElement[Any]:
    """The state that the generation of the enclosing query should have in LiteLLM."""
    over = or_(api_key.c.status.in_(policy.GONE), generation.c.ended_at.is_not(None))
    expires = func.least(api_key.c.expires_at, generation.c.ends_at)  # ignores NULLs
    fields: dict[str, Any] = {
        "exists": true(),
        "blocked": or_(api_key.c.status == ApiKeyStatus.BLOCKED, owner_disabled()),
        "expires": cast(func.floor(func.extract("epoch", expires)), BigInteger),
        # As text: JSON's numbers would pass through binary floats on their way.
        "max_budget": cast(func.trim_scale(api_key.c.max_budget), Text),
        **{name: api_key.c[name] for name in _SAME_NAMED if name != "max_budget"},
    }
    return case((over, literal(ABSENT, JSONB)), else_=usable_models().op("||")(_json(fields)))


def _json(members: dict[str, Any]) -> ColumnElement[Any]:
    pairs = itertools.chain.from_iterable((literal_column(f"'{name}'"), value) for name, value in members.items())
    return func.jsonb_build_object(*pairs, type_=JSONB)


def unsettled() -> ColumnElement[bool]:
    """Whether LiteLLM has not confirmed the generation as it should be."""
    return generation.c.told.is_distinct_from(wanted())


def waiting() -> ColumnElement[bool]:
    """Generations to bring to what is wanted. Not those that LiteLLM never confirmed (whoever made them still has the secret), nor
    those that are gone there, which nobody can bring back.
    """
    return and_(
        unsettled(),
        or_(generation.c.told.is_not(None), wanted() == literal(ABSENT, JSONB)),
        generation.c.told.is_distinct_from(literal(ABSENT, JSONB)),
    )


def due(now: datetime) -> ColumnElement[bool]:
    """Those of them that may be taken in hand at present."""
    return and_(
        waiting(),
        or_(generation.c.claimed_until.is_(None), generation.c.claimed_until <= now),
        or_(generation.c.settle_due_at.is_(None), generation.c.settle_due_at <= now),
    )


def lifetime(state: State, now: datetime) -> Any:
    """What is left until the state's expiry; None: no end."""
    return None if state["expires"] is None else datetime.fromtimestamp(state["expires"], UTC) - now


def money(state: State) -> Decimal | None:
    return None if state["max_budget"] is None else Decimal(state["max_budget"])


def generate(state: State, now: datetime, **identity: Any) -> GenerateKey:
    """The request that makes a key of this state. `identity`: key, key_alias, user_id, metadata, spend."""
    return GenerateKey(
        models=state["models"],
        model_rpm_limit=state["model_rpm_limit"],
        model_tpm_limit=state["model_tpm_limit"],
        max_budget=money(state),
        budget_duration=state["budget_duration"],
        rpm_limit=state["rpm_limit"],
        tpm_limit=state["tpm_limit"],
        max_parallel_requests=state["max_parallel_requests"],
        duration=lifetime(state, now),
        **identity,
    )


def changes(told: State, state: State, now: datetime) -> KeyChanges:
    """The request that leads from what was told to the state; everything if that is not sure."""

    def changed(name: str) -> bool:
        return "sure" in told or name not in told or told[name] != state[name]

    given: dict[str, Any] = {
        name: state[name] for name in ("models", *_BY_MODEL, "blocked", *_SAME_NAMED) if changed(name)
    }
    if "max_budget" in given:
        given["max_budget"] = money(state)
    return KeyChanges(duration=lifetime(state, now) if changed("expires") else UNSET, **given)


def found(info: KeyInfo) -> State:
    """The state of a key as LiteLLM describes it."""
    limits = {name: value for name, value in msgspec.structs.asdict(info).items() if name in _SAME_NAMED}
    if info.max_budget is not None:
        limits["max_budget"] = format(info.max_budget.normalize(), "f")
    return {
        "exists": True,
        "models": sorted(name for name in info.models if name != "no-default-models"),
        **{name: info.metadata.get(name) or {} for name in _BY_MODEL},
        "blocked": bool(info.blocked),
        "expires": None if info.expires is None else int(info.expires.timestamp()),
        **limits,
    }
