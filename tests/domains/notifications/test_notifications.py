"""Notices of keys that expire: each once, to their owner, and never for what is over."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.keys import ApiKey, ApiKeyStatus
from gateway.notifications import NotificationService
from tests.builders import a_person

DAY = timedelta(days=1)


@pytest.fixture
def notifications(db: Database) -> NotificationService:
    return NotificationService(db)


async def a_key(db: Database, actor: Actor, expires_at: datetime | None, **columns: Any) -> ApiKey:
    async with db.write() as session:
        values: dict[str, Any] = {"status": ApiKeyStatus.ACTIVE, "created_at": utc_now() - 300 * DAY} | columns
        key = ApiKey(id=uuid4(), user_id=actor.user_id, name="k", expires_at=expires_at, **values)
        session.add(key)
    return key


async def test_thirty_fourteen_seven_and_one_days_before_once_each(
    db: Database, notifications: NotificationService
) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    now = utc_now()
    key = await a_key(db, alice, now + 40 * DAY)
    made = []
    for day in range(42):
        for _ in range(2):
            made.append(await notifications.announce_expiries(now + day * DAY + timedelta(minutes=1)))
    assert sum(made) == 4
    page = await notifications.page(alice, 10)
    assert [(row.days, row.api_key_id, row.read_at) for row in page.rows] == [(d, key.id, None) for d in (1, 7, 14, 30)]
    assert (await notifications.page(bob, 10)).rows == []
    assert await notifications.mark_read(bob, [page.rows[0].id]) == 0
    assert await notifications.mark_read(alice, [page.rows[0].id]) == 1
    assert await notifications.mark_read(alice) == 3
    assert await notifications.mark_read(alice) == 0
    assert (await notifications.page(alice, 10, unread=True)).rows == []
    assert await (await notifications.page(alice, 10)).total_count() == 4


async def test_an_expiry_that_was_moved_is_announced_again(db: Database, notifications: NotificationService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, utc_now() + 5 * DAY)
    assert await notifications.announce_expiries() == 1
    async with db.write() as session:
        (await session.get_one(ApiKey, key.id)).expires_at = utc_now() + 6 * DAY
    assert await notifications.announce_expiries() == 1


async def test_what_is_over_never_ends_or_was_made_for_less_is_not_announced(
    db: Database, notifications: NotificationService
) -> None:
    alice = await a_person(db, "alice")
    soon = utc_now() + 5 * DAY
    await a_key(db, alice, None)
    await a_key(db, alice, utc_now() - DAY)
    await a_key(db, alice, soon, created_at=utc_now())
    for over in (ApiKeyStatus.REVOKED, ApiKeyStatus.EXPIRED, ApiKeyStatus.FAILED):
        await a_key(db, alice, soon, status=over)
    assert await notifications.announce_expiries() == 0
    await a_key(db, alice, soon, status=ApiKeyStatus.BLOCKED)
    assert await notifications.announce_expiries() == 1
