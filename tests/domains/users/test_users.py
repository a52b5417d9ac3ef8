"""People: who they are for good, what is brought up to date, and who sees whom."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.users import Identity, UserFilter, UserService

GRACE = Identity("https://issuer.test", "0001", "grace", "Grace Hopper", "grace@example.com")


@pytest.fixture
def users(db: Database) -> UserService:
    return UserService(db)


def actor_of(person: Any) -> Actor:
    return Actor(user_id=person.id, username=person.username, role=person.role)


async def people_in(db: Database) -> list[Any]:
    async with db.read() as session:
        return list(await session.execute(text("SELECT * FROM app_user ORDER BY created_at, id")))


async def audited(db: Database) -> list[tuple[str, str, dict[str, Any]]]:
    async with db.read() as session:
        rows = await session.execute(text("SELECT action, target, detail FROM audit_entry ORDER BY at, id"))
        return [(row.action, row.target, row.detail) for row in rows]


async def test_the_first_sign_in_makes_a_person(users: UserService, db: Database) -> None:
    person = await users.sign_in(GRACE)
    assert (person.username, person.display_name, person.email) == ("grace", "Grace Hopper", "grace@example.com")
    assert person.role is Role.USER
    assert person.disabled_at is None
    assert person.last_login_at == person.created_at
    assert [row.id for row in await people_in(db)] == [person.id]
    assert await audited(db) == [("user.first_signed_in", f"user:{person.id}", {"before": None, "after": "USER"})]


async def test_the_next_one_brings_them_up_to_date(users: UserService, db: Database) -> None:
    first = await users.sign_in(GRACE)
    second = await users.sign_in(replace(GRACE, username="ghopper", display_name="Rear Admiral Hopper", email=None))
    assert second.id == first.id
    assert (second.username, second.display_name, second.email) == ("ghopper", "Rear Admiral Hopper", None)
    assert second.created_at == first.created_at
    assert second.last_login_at > first.last_login_at
    assert len(await people_in(db)) == 1
    assert len(await audited(db)) == 1, "nothing that an auditor would ask for has happened"


async def test_a_change_of_role_is_audited(users: UserService, db: Database) -> None:
    person = await users.sign_in(GRACE)
    await users.sign_in(replace(GRACE, role=Role.ADMIN))
    assert await audited(db) == [
        ("user.first_signed_in", f"user:{person.id}", {"before": None, "after": "USER"}),
        ("user.role_changed", f"user:{person.id}", {"before": "USER", "after": "ADMIN"}),
    ]


async def test_the_same_name_from_elsewhere_is_somebody_else(users: UserService) -> None:
    people = [
        await users.sign_in(GRACE),
        await users.sign_in(replace(GRACE, subject="0002")),
        await users.sign_in(replace(GRACE, issuer="https://other.test")),
    ]
    assert len({person.id for person in people}) == 3


async def test_text_that_cannot_be_stored_or_shown_is_dropped(users: UserService) -> None:
    person = await users.sign_in(replace(GRACE, username="gra\x00ce\n", display_name="\u202e" + "G" * 300, email="\t"))
    assert person.username == "grace"
    assert person.display_name == "G" * 255
    assert person.email is None


async def test_a_nameless_person_is_called_by_their_subject(users: UserService) -> None:
    person = await users.sign_in(replace(GRACE, username="", display_name=" "))
    assert (person.username, person.display_name) == ("0001", "0001")


async def test_everybody_sees_themselves_and_some_see_all(users: UserService) -> None:
    grace = await users.sign_in(GRACE)
    audrey = await users.sign_in(replace(GRACE, subject="0002", username="audrey", role=Role.AUDITOR))
    ada = await users.sign_in(replace(GRACE, subject="0003", username="ada", role=Role.ADMIN))
    everybody = [grace.id, audrey.id, ada.id]
    assert set(await users.by_ids(actor_of(grace), everybody)) == {grace.id}
    assert set(await users.by_ids(actor_of(audrey), everybody)) == set(everybody)
    assert set(await users.by_ids(actor_of(ada), [*everybody, uuid4()])) == set(everybody)
    assert (await users.get(actor_of(grace), grace.id)).username == "grace"
    with pytest.raises(NotFound):
        await users.get(actor_of(grace), ada.id)
    with pytest.raises(NotFound):
        await users.get(actor_of(ada), uuid4())


async def test_pages_go_by_name_and_search_every_name(users: UserService) -> None:
    ada = actor_of(await users.sign_in(replace(GRACE, username="Ada", subject="a", role=Role.ADMIN)))
    for name in ("carol", "Bob", "dave"):
        await users.sign_in(Identity("https://issuer.test", name, name, f"{name} Example", f"{name}@50%.test"))
    first = await users.page(ada, 3)
    assert [row.username for row in first.rows] == ["Ada", "Bob", "carol"]
    assert (first.has_next, await first.total_count()) == (True, 4)
    rest = await users.page(ada, 3, first.cursors[-1])
    assert [row.username for row in rest.rows] == ["dave"]
    assert [row.username for row in (await users.page(ada, 10, wanted=UserFilter("BOB example"))).rows] == ["Bob"]
    assert [row.username for row in (await users.page(ada, 10, wanted=UserFilter("50%"))).rows] == [
        "Bob",
        "carol",
        "dave",
    ]
    assert (await users.page(ada, 10, wanted=UserFilter("b_b"))).rows == []


async def test_pages_are_not_for_everybody(users: UserService) -> None:
    grace = actor_of(await users.sign_in(GRACE))
    with pytest.raises(NotPermitted):
        await users.page(grace, 10)


@pytest.mark.parametrize(
    ("first", "after", "search", "field"),
    [
        (0, None, None, "first"),
        (101, None, None, "first"),
        (5, "nonsense", None, "after"),
        (5, None, "x" * 201, "search"),
        (5, None, "a\x00b", "search"),
    ],
)
async def test_what_a_page_cannot_be_is_named(
    users: UserService, first: int, after: str | None, search: str | None, field: str
) -> None:
    ada = actor_of(await users.sign_in(replace(GRACE, role=Role.ADMIN)))
    with pytest.raises(InvalidInput) as refused:
        await users.page(ada, first, after, UserFilter(search))
    assert refused.value.field == field
