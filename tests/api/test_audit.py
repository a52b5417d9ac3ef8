"""The record as auditors and admins read it, and what goes into it."""

import csv
import json
from typing import Any

import pytest

from gateway.audit import AuditService
from gateway.db import Database
from gateway.web.files import FORMS
from schema.root import schema
from tests.api.conftest import World
from tests.conftest import a_database
from tests.domains.audit.test_retention import record, rows
from tests.graphql import served
from tests.portal import sandbox_settings
from tests.ports import own_port

LOG = """
query ($filter: AuditFilter, $first: Int! = 100, $after: String) {
  admin { auditLog(first: $first, after: $after, filter: $filter) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { id at actor action target targetId outcome requestId address facts { name value } } }
  } }
}
"""
MODEL = "{ models(first: 1, filter: {access: [%s]}) { edges { node { id name } } } }"
REQUEST = """
mutation ($id: ID!, $why: String) { requestModelSubscription(input: {modelId: $id, justification: $why}) {
  ... on RequestModelSubscriptionSuccess { subscription { id } }
  ... on Error { message }
} }
"""
APPROVE = """
mutation ($id: ID!) { approveModelSubscription(input: {subscriptionId: $id}) {
  __typename ... on ApproveModelSubscriptionSuccess { subscription { status } } ... on Error { message }
} }
"""


async def log(world: World, **wanted: Any) -> list[dict[str, Any]]:
    data = await world.audrey.execute(LOG, {"filter": wanted})
    return [edge["node"] for edge in data["admin"]["auditLog"]["edges"]]


async def a_request(world: World) -> str:
    """Bob asks for a restricted model."""
    found = await world.bob.execute(MODEL % "RESTRICTED")
    model = found["models"]["edges"][0]["node"]["id"]
    asked = await world.bob.execute(REQUEST, {"id": model, "why": "for work"})
    subscription: str = asked["requestModelSubscription"]["subscription"]["id"]
    return subscription


def facts(entry: dict[str, Any]) -> dict[str, Any]:
    return {fact["name"]: fact["value"] for fact in entry["facts"]}


async def test_a_change_and_where_it_came_from(world: World) -> None:
    subscription = await a_request(world)
    answer = await world.ada.http.post(
        "/graphql", json={"query": APPROVE, "variables": {"id": subscription}}, headers={"X-Request-Id": "request-4711"}
    )
    assert answer.json()["data"]["approveModelSubscription"]["subscription"]["status"] == "ACTIVE"
    (entry,) = await log(world, action="subscription.approved")
    assert (entry["actor"], entry["outcome"], entry["requestId"], entry["address"]) == (
        "ada",
        "DONE",
        "request-4711",
        "127.0.0.1",
    )
    assert entry["targetId"] == subscription
    assert facts(entry) | {"limits": None} == {"before": "PENDING", "after": "ACTIVE", "reason": None, "limits": None}


async def test_what_a_role_does_not_allow_is_recorded(world: World) -> None:
    subscription = await a_request(world)
    for client in (world.bob, world.audrey):
        assert (await client.refused(APPROVE, {"id": subscription}))["code"] == "FORBIDDEN"
    entries = await log(world, outcome="REFUSED", action="approveModelSubscription")
    assert [(entry["actor"], facts(entry)["code"]) for entry in entries] == [
        ("audrey", "FORBIDDEN"),
        ("bob", "FORBIDDEN"),
    ]
    (requested,) = await log(world, action="subscription.requested")
    assert {entry["target"] for entry in entries} == {requested["target"]}


async def test_a_refusal_that_is_an_answer_is_recorded(world: World) -> None:
    subscription = await a_request(world)
    await world.ada.execute(APPROVE, {"id": subscription})
    answered = await world.ada.execute(APPROVE, {"id": subscription})
    assert answered["approveModelSubscription"]["__typename"] == "InvalidTransition"
    (entry,) = await log(world, outcome="REFUSED")
    assert (entry["action"], facts(entry)["code"]) == ("approveModelSubscription", "INVALID_TRANSITION")


async def test_who_may_not_look_is_recorded(world: World) -> None:
    assert (await world.bob.refused("{ admin { users(first: 1) { totalCount } } }"))["code"] == "FORBIDDEN"
    (entry,) = await log(world, outcome="REFUSED")
    assert (entry["actor"], entry["action"], entry["target"], entry["targetId"]) == ("bob", "admin", "portal", None)


async def test_nobody_is_anonymous(world: World) -> None:
    assert (await world.nobody.refused(APPROVE, {"id": await a_request(world)}))["code"] == "UNAUTHENTICATED"
    (entry,) = await log(world, outcome="REFUSED")
    assert (entry["actor"], entry["target"].partition(":")[0]) == ("anonymous", "subscription")


async def test_a_secret_that_was_pasted_is_not_in_the_record(world: World) -> None:
    find = "mutation ($s: String!) { findLeakedApiKey(input: {secret: $s}) { __typename } }"
    secret = "sk-lm-a-secret-that-somebody-pasted"
    await world.bob.refused(find, {"s": secret})
    entries = await log(world)
    assert [entry["action"] for entry in entries if entry["outcome"] == "REFUSED"] == ["findLeakedApiKey"]
    assert secret not in json.dumps(entries)


def test_every_mutation_records_its_refusals() -> None:
    """`declares` is what does it."""
    fields = schema.get_type_by_name("Mutation").fields  # type: ignore[union-attr]
    bare = [
        field.python_name for field in fields if "declares" not in field.base_resolver.wrapped_func.__code__.co_qualname
    ]
    assert fields
    assert bare == []


async def test_filters(world: World) -> None:
    subscription = await a_request(world)
    await world.ada.execute(APPROVE, {"id": subscription})
    await world.bob.refused(APPROVE, {"id": subscription})
    (approved,) = await log(world, action="subscription.approved")

    async def actions(**wanted: Any) -> list[str]:
        return [entry["action"] for entry in await log(world, **wanted)]

    assert await actions(action="subscription.") == ["subscription.approved", "subscription.requested"]
    assert await actions(actor="bob", target="subscription") == ["approveModelSubscription", "subscription.requested"]
    assert await actions(target=approved["target"], outcome="DONE") == [
        "subscription.approved",
        "subscription.requested",
    ]
    assert await actions(search="BOB subscript") == ["approveModelSubscription", "subscription.requested"]
    assert await actions(search="%") == []
    assert await actions(since=approved["at"], action="subscription.") == ["subscription.approved"]
    assert await actions(until=approved["at"], action="subscription.") == ["subscription.requested"]
    assert (await world.ada.refused(LOG, {"filter": {"search": "x" * 201}}))["field"] == "filter.search"


async def test_pages_and_node(world: World) -> None:
    await a_request(world)
    data = await world.ada.execute(LOG, {"first": 1})
    page = data["admin"]["auditLog"]
    assert page["pageInfo"]["hasNextPage"] is True
    second = await world.ada.execute(LOG, {"first": 1, "after": page["pageInfo"]["endCursor"]})
    ids = [each["edges"][0]["node"]["id"] for each in (page, second["admin"]["auditLog"])]
    assert len(set(ids)) == 2
    node = "query ($id: ID!) { node(id: $id) { ... on AuditEntry { id action } } }"
    assert (await world.audrey.execute(node, {"id": ids[0]}))["node"]["id"] == ids[0]
    assert (await world.bob.execute(node, {"id": ids[0]}))["node"] is None


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_export(world: World, form: str) -> None:
    subscription = await a_request(world)
    await world.ada.execute(APPROVE, {"id": subscription})
    answer = await world.audrey.http.get("/exports/audit", params={"format": form, "action": "subscription."})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="litemaas-audit.{form}"'
    lines = answer.text.splitlines()
    rows = list(csv.DictReader(lines)) if form == "csv" else [json.loads(line) for line in lines]
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("ada", "subscription.approved"),
        ("bob", "subscription.requested"),
    ]
    (told,) = await log(world, action="audit.exported")
    assert (told["actor"], facts(told)) == ("audrey", {"action": "subscription."})


async def test_export_of_nothing_and_of_too_much(world: World) -> None:
    nothing = await world.ada.http.get("/exports/audit", params={"actor": "nobody-of-this-name"})
    assert (nothing.status_code, nothing.text) == (200, "")
    for client, status, code in ((world.bob, 403, "FORBIDDEN"), (world.nobody, 401, "UNAUTHENTICATED")):
        refused = await client.http.get("/exports/audit")
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    for name, value in (("format", "xml"), ("outcome", "MAYBE"), ("since", "yesterday"), ("since", "2026-01-01")):
        wrong = await world.ada.http.get("/exports/audit", params={name: value})
        assert (wrong.status_code, wrong.json()["error"]["field"].removeprefix("filter.")) == (422, name)


def test_a_cell_is_no_formula() -> None:
    written = FORMS["csv"].begin([{"name": "=HYPERLINK(1)", "number": -1, "list": ["=1"]}])
    assert written.decode().splitlines() == ["name,number,list", '\'=HYPERLINK(1),-1,"[""=1""]"']


async def test_sealed_by_the_job(world: World) -> None:
    await a_request(world)
    assert await world.portal.services.audit.seal() > 0
    found = await world.portal.services.audit.verify()
    assert (found.waiting, found.broken) == (0, None)


REMOVAL = "{ admin { auditRemoval { entries begins keepDays } } }"


async def test_a_whole_record_has_lost_nothing(world: World) -> None:
    assert (await world.audrey.execute(REMOVAL))["admin"]["auditRemoval"] is None
    assert (await world.alice.refused(REMOVAL))["code"] == "FORBIDDEN"


async def test_where_a_record_begins_that_was_cut(server_url: str, template: str) -> None:
    port = own_port()
    async with a_database(server_url, template) as url:
        db = Database(url)
        try:
            await record(db, 400, 300, 200, 50)
            assert await AuditService(db, keep_days=250).retain() == 2
            ((begins,),) = await rows(db, "SELECT at FROM audit_entry WHERE detail->>'days' = '200'")
        finally:
            await db.close()
        settings = sandbox_settings(url, port=port, public_url=f"http://127.0.0.1:{port}")
        keeping = settings.database.model_copy(update={"audit_keep_days": 250})
        async with served(settings.model_copy(update={"database": keeping})) as portal:
            audrey = await portal.sign_in("audrey")
            answer = (await audrey.execute(REMOVAL))["admin"]["auditRemoval"]
    assert answer == {"entries": 2, "begins": begins.isoformat().replace("+00:00", "Z"), "keepDays": 250}
