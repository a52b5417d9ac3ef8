"""One table of transitions: the code's and the database's are the same."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gateway.actor import Actor
from gateway.db import Database
from gateway.subscriptions import SubscriptionStatus
from gateway.subscriptions.policy import OPEN, TRANSITIONS
from tests.builders import a_model, a_subscription

MOVE = text("UPDATE model_subscription SET status = :wanted WHERE id = :id")


@pytest.mark.parametrize("now", list(SubscriptionStatus))
async def test_the_database_has_the_same_table(db: Database, alice: Actor, now: SubscriptionStatus) -> None:
    allowed = set()
    for wanted in SubscriptionStatus:
        row = await a_subscription(db, alice, (await a_model(db)).id, now)
        try:
            async with db.write() as session:
                await session.execute(MOVE, {"wanted": wanted, "id": row.id})
            allowed.add(wanted)
        except IntegrityError:
            async with db.read() as session:
                kept = await session.scalar(
                    text("SELECT status FROM model_subscription WHERE id = :id"), {"id": row.id}
                )
            assert kept == now
    assert allowed - {now} == TRANSITIONS[now]


def test_what_is_over_stays_over() -> None:
    assert {status for status, following in TRANSITIONS.items() if following} == set(OPEN)
