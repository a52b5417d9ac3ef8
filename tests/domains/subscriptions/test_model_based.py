"""Random steps by several people at once: whatever they do, the rules hold.

Each round is a few steps that run at the same time, on a handful of models. After each round the whole of what is stored is checked
against what the rules say, and against what the steps answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select, text

from gateway.actor import Actor, Role
from gateway.catalog import ModelAccess
from gateway.db import Database, utc_now
from gateway.errors import DomainError
from gateway.subscriptions import (
    Decision,
    ExistingSubscriptions,
    ModelSubscription,
    QuotaChange,
    SubscriptionAction,
    SubscriptionChange,
    SubscriptionService,
    SubscriptionStatus,
)
from gateway.subscriptions.policy import LIMITS, OPEN, TRANSITIONS
from tests.builders import a_model, a_person

S, A = SubscriptionStatus, SubscriptionAction

OWN = ("request", "request", "cancel", "ask for more", "ask for more", "withdraw more")
DECIDING = ("approve", "approve", "deny", "grant more", "deny more", "decide all")
ADMINS = (*DECIDING, "suspend", "resume", "change", "end soon")
OTHERS = ("expire", "restrict")


@st.composite
def a_round(draw: st.DrawFn) -> list[tuple[str, int, int, int, int]]:
    """Steps to take at the same time: (verb, who, whose, which model, how much), every other time all on one subscription."""
    target = draw(st.none() | st.tuples(st.sampled_from((0, 0, 1, 2)), st.integers(0, 1)))
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        verb = draw(st.sampled_from((*OWN, *ADMINS, *OTHERS)))
        whose, which = target or (draw(st.sampled_from((0, 0, 1, 2))), draw(st.integers(0, 1)))
        # Mostly those who may, so that much happens.
        anybody = draw(st.integers(0, 9)) == 0
        who = draw(st.integers(0, 4)) if anybody else whose if verb in OWN else draw(st.sampled_from((2, 3)))
        steps.append((verb, who, whose, which, draw(st.integers(1, 4))))
    return steps


ROUNDS = st.lists(a_round(), min_size=5, max_size=15)

_subscription = ModelSubscription.__table__  # type: ignore[attr-defined]
_history = SubscriptionChange.__table__  # type: ignore[attr-defined]
_quota_change = QuotaChange.__table__  # type: ignore[attr-defined]


class World:
    """Two users, two admins and an auditor, an open and a restricted model."""

    def __init__(self, db: Database) -> None:
        self.db, self.service = db, SubscriptionService(db)

    async def populate(self) -> None:
        roles = (Role.USER, Role.USER, Role.ADMIN, Role.ADMIN, Role.AUDITOR)
        self.people = [await a_person(self.db, role=role) for role in roles]
        self.models = [await a_model(self.db, access=access) for access in (ModelAccess.OPEN, ModelAccess.RESTRICTED)]
        for person in self.people[:3]:
            for model in self.models:
                await self.service.request(person, model.id, "please")

    async def newest(self, owner: Actor, model_id: Any) -> tuple[Any, Any]:
        """(subscription, open request for other limits) as a page would show them, each may be None."""
        rows = await self.service.latest_by_model(owner, [model_id])
        row = rows.get(model_id)
        asked = await self.service.open_quota_change_by_subscription(owner, [row.id]) if row else {}
        return row, asked.get(row.id) if row else None

    async def step(self, verb: str, who: int, whose: int, which: int, much: int) -> None:
        service, actor, model = self.service, self.people[who], self.models[which]
        row, asked = await self.newest(self.people[whose], model.id)
        limits = {"max_requests": much, "budget_duration": "1d"}
        match verb:
            case "request":
                await service.request(actor, model.id, "please", limits if much > 2 else {})
            case "expire":
                await service.expire()
            case "restrict":
                access = ModelAccess.RESTRICTED if much % 2 else ModelAccess.OPEN
                existing = ExistingSubscriptions.SUSPEND if much > 2 else ExistingSubscriptions.KEEP
                await service.change_model(actor, model.id, {"access": access}, existing=existing, reason="so it is")
            case _ if row is None:
                return
            case "approve":
                await service.approve(actor, row.id, None, limits if much > 2 else {})
            case "deny":
                await service.deny(actor, row.id, "no")
            case "cancel":
                await service.cancel(actor, row.id)
            case "suspend":
                await service.suspend(actor, row.id, "no")
            case "resume":
                await service.resume(actor, row.id)
            case "change":
                await service.change(actor, row.id, {"rpm_limit": much})
            case "end soon":
                await service.change(actor, row.id, {"expires_at": utc_now() + timedelta(milliseconds=5)})
            case "ask for more":
                await service.request_quota_change(actor, row.id, {"max_tokens": much}, "more")
            case "decide all":
                rows = [await self.newest(person, model.id) for person in self.people[:3]]
                decisions = [Decision(each.id, much % 2 == 0, "so it is") for each, _ in rows if each]
                await service.decide(actor, decisions)
            case _ if asked is None:
                return
            case "grant more":
                await service.approve(actor, row.id, None, {}, asked.id)
            case "deny more":
                await service.deny(actor, row.id, "no", asked.id)
            case "withdraw more":
                await service.cancel_quota_change(actor, asked.id)

    async def round(self, steps: Sequence[tuple[str, int, int, int, int]]) -> None:
        answers = await asyncio.gather(*(self.step(*step) for step in steps), return_exceptions=True)
        for answer in answers:
            # Whatever is refused is refused in our words: the database's own refusals are never needed.
            assert answer is None or isinstance(answer, DomainError), answer

    async def check(self) -> None:
        async with self.db.read() as session:
            mine = _subscription.c.model_id.in_([model.id for model in self.models])
            rows = (await session.execute(select(_subscription).where(mine))).all()
            ids = [row.id for row in rows]
            found = select(_history).where(_history.c.subscription_id.in_(ids)).order_by(_history.c.seq)
            lines: dict[Any, list[Row[Any]]] = defaultdict(list)
            for line in await session.execute(found):
                lines[line.subscription_id].append(line)
            asked = (await session.execute(select(_quota_change).where(_quota_change.c.subscription_id.in_(ids)))).all()
            entries = await session.scalar(
                text("SELECT count(*) FROM audit_entry WHERE target = ANY(:targets)"),
                {"targets": [f"subscription:{key}" for key in ids]},
            )
        waiting = {request.subscription_id for request in asked if request.status == "PENDING"}
        held = [(row.user_id, row.model_id) for row in rows if row.status in OPEN]
        assert len(held) == len(set(held)), "one open subscription for each person and model"
        assert entries == sum(len(each) for each in lines.values()), "an audit entry for each line"
        for row in rows:
            self.check_history(row, lines[row.id])
            assert (row.awaiting_since is not None) == (row.status is S.PENDING or row.id in waiting)
            assert row.id not in waiting or row.status in (S.ACTIVE, S.SUSPENDED)

    def check_history(self, row: Any, lines: list[Row[Any]]) -> None:
        """Played again from the start, history ends at what is stored, by allowed steps of those who may take them."""
        people = {person.user_id: person for person in self.people}
        assert lines[0].action is A.REQUESTED
        status, limits = None, dict.fromkeys((*LIMITS, "expires_at"))
        for line in lines:
            assert line.from_status is status
            if status is not None and line.to_status is not status:
                assert line.to_status in TRANSITIONS[status]
            status = line.to_status
            for column, (before, after) in line.limits.items():
                assert limits[column] == before
                limits[column] = after
            own = line.actor_id == row.user_id
            if line.action in (A.REQUESTED, A.CANCELLED, A.QUOTA_REQUESTED, A.QUOTA_CANCELLED):
                assert own
                assert people[line.actor_id].role is not Role.AUDITOR
            elif line.action is A.EXPIRED:
                assert line.actor_id is None
            else:
                assert people[line.actor_id].role is Role.ADMIN
                assert line.action is A.SUSPENDED or not own, "nobody decides on what is his own"
        assert status is row.status
        for column in LIMITS:
            value = getattr(row, column)
            assert limits[column] == (None if value is None else str(value))


@settings(
    max_examples=20,
    # Not shrunk: what happens at the same time does not happen again in the same way.
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=ROUNDS)
def test_the_rules_hold_whatever_people_do(
    database_url: str, rounds: list[list[tuple[str, int, int, int, int]]]
) -> None:
    async def play() -> None:
        db = Database(database_url, pool_size=8)
        try:
            world = World(db)
            await world.populate()
            for steps in rounds:
                await world.round(steps)
                await world.check()
        finally:
            await db.close()

    asyncio.run(play())
