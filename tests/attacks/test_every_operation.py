"""Every field has a rule, and every caller is told what the rule says and changes nothing beyond it."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import text
from strawberry import Schema

from schema.permissions import RULES, Rule, Who, enforce
from schema.relay import encode_id
from schema.root import schema, sdl
from tests.api.conftest import World
from tests.api.test_first_call import subscribed_key
from tests.attacks.sending import everything
from tests.documents import CREATE_TOKEN
from tests.graphql import Client

API: GraphQLSchema = build_schema(sdl())
FIELDS = [(kind, name, rule) for kind, rules in RULES.items() for name, rule in rules.items()]

# Who may what, once more and by name: tokens by what they were given besides their owners' rights.
PEOPLE = {"alice", "ada", "audrey"}
ALLOWED = {
    Who.CALLER: {"key", *PEOPLE},
    Who.PERSON: PEOPLE,
    Who.OWNER: {"alice", "ada"},
    Who.AUDITOR: {"ada", "audrey"},
    Who.ADMIN: {"ada"},
}
TOKENS = {
    "alice's reader": ("alice", ["READ"]),
    "ada's keeper of keys": ("ada", ["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE"]),
    "audrey's everything": ("audrey", ["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE", "ADMIN"]),
    "ada's everything": ("ada", ["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE", "ADMIN"]),
}
CALLERS = ["nobody", "key", "alice", "audrey", "ada", *TOKENS]
IDS = {
    "userId": "User",
    "apiKeyId": "ApiKey",
    "subscriptionId": "ModelSubscription",
    "quotaChangeId": "QuotaChange",
    "sessionId": "LoginSession",
    "accessTokenId": "AccessToken",
}


def allowed(caller: str, rule: Rule) -> bool:
    if rule.who is Who.ANYBODY:
        return True
    if caller not in TOKENS:
        return caller in ALLOWED[rule.who]
    owner, scopes = TOKENS[caller]
    # A token without ADMIN is a plain user's.
    return rule.scope in scopes and (owner if "ADMIN" in scopes else "alice") in ALLOWED[rule.who]


def test_every_field_has_a_rule_and_every_rule_a_field() -> None:
    for kind, rules in RULES.items():
        guarded = API.type_map[kind]
        assert isinstance(guarded, GraphQLObjectType)
        assert rules.keys() == guarded.fields.keys(), kind
    assert set(RULES) == {"Query", "Viewer", "Admin", "Mutation", "Subscription"}


def test_a_field_without_a_rule_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES["Mutation"], "setKeyPolicy")
    with pytest.raises(LookupError, match=r"Mutation\.setKeyPolicy"):
        enforce(schema)
    assert isinstance(schema, Schema)


def test_nobody_but_admins_may_what_needs_the_scope_of_admins() -> None:
    for kind, name, rule in FIELDS:
        assert (rule.scope == "ADMIN") == (rule.who in (Who.AUDITOR, Who.ADMIN)), f"{kind}.{name}"
        if kind == "Mutation":
            assert rule.scope != "READ", name
            assert rule.who in (Who.PERSON, Who.OWNER, Who.ADMIN), name
            assert rule.who is not Who.PERSON or rule.scope == "ACCOUNT_WRITE", name


def sample(name: str, kind: GraphQLInputType) -> Any:
    """A value that is well-formed and names nothing that exists."""
    if isinstance(kind, GraphQLNonNull):
        return sample(name, kind.of_type)
    if isinstance(kind, GraphQLList):
        return [sample(name.removesuffix("s"), kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        needed = {each: field.type for each, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
        return {each: sample(each, its) for each, its in needed.items()}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    moments = {"start": -1, "end": 1}
    return {
        "ID": encode_id(IDS.get(name, "Model"), uuid4()),
        "Int": 1,
        "Boolean": False,
        "String": "something",
        "Decimal": "1",
        "DateTime": (datetime.now(UTC) + timedelta(days=moments.get(name, 1))).isoformat(),
    }[kind.name]


def operation(kind: str, name: str) -> tuple[str, dict[str, Any]]:
    """An operation that asks for this field alone, with what it needs."""
    parent = API.type_map[kind]
    assert isinstance(parent, GraphQLObjectType)
    field: GraphQLField = parent.fields[name]
    needed = {each: argument.type for each, argument in field.args.items() if isinstance(argument.type, GraphQLNonNull)}
    variables = {each: sample(each, its) for each, its in needed.items()}
    declared = f"({', '.join(f'${each}: {its}' for each, its in needed.items())})" if needed else ""
    given = f"({', '.join(f'{each}: ${each}' for each in needed)})" if needed else ""
    asked = f"{name}{given}" + ("" if is_leaf_type(get_named_type(field.type)) else " { __typename }")
    around = {"Viewer": f"viewer {{ {asked} }}", "Admin": f"admin {{ {asked} }}"}.get(kind, asked)
    verb = kind.lower() if kind in ("Mutation", "Subscription") else "query"
    return f"{verb} Asked{declared} {{ {around} }}", variables


@pytest.fixture
async def callers(world: World) -> dict[str, Client]:
    found = {"nobody": world.nobody, "alice": world.alice, "ada": world.ada, "audrey": world.audrey}
    found["key"] = world.portal.bearer((await subscribed_key(world.alice))["secret"])
    for name, (owner, scopes) in TOKENS.items():
        wanted = {"name": name, "scopes": scopes, "expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        made = await found[owner].execute(CREATE_TOKEN, {"input": wanted})
        found[name] = world.portal.bearer(made["createAccessToken"]["secret"])
    return found


def code_of(answer: dict[str, Any]) -> str | None:
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    return next(iter(codes & {"UNAUTHENTICATED", "FORBIDDEN", "INTERNAL_SERVER_ERROR"}), None)


def expected(caller: str, rule: Rule) -> str | None:
    return None if allowed(caller, rule) else "UNAUTHENTICATED" if caller == "nobody" else "FORBIDDEN"


def around(kind: str, name: str, rule: Rule) -> Iterator[Rule]:
    """The rules that stand before the field, outermost first."""
    if kind in ("Viewer", "Admin"):
        yield RULES["Query"][kind.lower()]
    yield rule


async def test_every_query_and_change_as_every_caller(world: World, callers: dict[str, Client]) -> None:
    before = await everything(world)
    refused_changes = 0
    for kind, name, rule in FIELDS:
        if kind == "Subscription":
            continue
        document, variables = operation(kind, name)
        for caller in CALLERS:
            wanted = next((code for each in around(kind, name, rule) if (code := expected(caller, each))), None)
            if wanted is None and kind == "Mutation":
                continue
            assert code_of(await callers[caller].post(document, variables)) == wanted, (caller, document)
            refused_changes += kind == "Mutation"
    assert await everything(world) == before, "no refusal has changed anything"
    query = "SELECT actor, count(*) FROM audit_entry WHERE outcome = 'REFUSED' AND action = ANY(:changes) GROUP BY 1"
    async with world.portal.services.db.read() as session:
        found = await session.execute(text(query), {"changes": list(RULES["Mutation"])})
        recorded = {row.actor: row.count for row in found}
    assert sum(recorded.values()) == refused_changes
    (key,) = recorded.keys() - PEOPLE - {"anonymous"}
    assert (key[:10], recorded.keys() & PEOPLE) == ("key sk-lm-", PEOPLE)


async def test_every_change_as_those_who_may(world: World, callers: dict[str, Client]) -> None:
    # Last what would sign the others out.
    for name, rule in sorted(RULES["Mutation"].items(), key=lambda each: each[0] == "endOtherSessions"):
        document, variables = operation("Mutation", name)
        for caller in CALLERS:
            if allowed(caller, rule):
                assert code_of(await callers[caller].post(document, variables)) is None, (caller, document)


@pytest.mark.parametrize(("name", "rule"), RULES["Subscription"].items())
async def test_every_live_result_as_every_caller(
    world: World, callers: dict[str, Client], name: str, rule: Rule
) -> None:
    document, variables = operation("Subscription", name)
    for caller in CALLERS:
        async with callers[caller].socket() as socket:
            payload = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            # Whoever is let in may have to wait for the first news.
            try:
                message = json.loads(await asyncio.wait_for(socket.recv(), 10 if expected(caller, rule) else 0.5))
            except TimeoutError:
                message = {"type": "next"}
        errors = message["payload"] if message["type"] == "error" else []
        assert code_of({"errors": errors}) == expected(caller, rule), (caller, message)
