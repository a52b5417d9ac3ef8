"""Rows to test with: `alice = await a_person(db)`, `model = await a_model(db, access=ModelAccess.RESTRICTED)`."""

from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelAccess, ModelLifecycle, ModelMode
from gateway.db import Database
from gateway.subscriptions import ModelSubscription, SubscriptionStatus
from gateway.users.tables import User

_numbers = count(1)


async def a_person(db: Database, username: str | None = None, role: Role = Role.USER) -> Actor:
    name = username or f"person-{next(_numbers)}"
    async with db.write() as session:
        user = User(issuer="test", subject=name, username=name, display_name=name.title(), role=role)
        session.add(user)
    return Actor(user_id=user.id, username=name, role=role)


async def a_model(db: Database, name: str | None = None, **columns: Any) -> Model:
    values: dict[str, Any] = {
        "name": name or f"model-{next(_numbers)}",
        "provider": "openai",
        "mode": ModelMode.CHAT,
        "access": ModelAccess.OPEN,
        "lifecycle": ModelLifecycle.AVAILABLE,
        "input_cost_per_million": Decimal("0.5"),
        "output_cost_per_million": Decimal("1.5"),
        "capabilities": [],
    }
    async with db.write() as session:
        model = Model(**(values | columns))
        session.add(model)
    return model


async def a_subscription(
    db: Database, actor: Actor, model_id: UUID, status: SubscriptionStatus = SubscriptionStatus.ACTIVE, **columns: Any
) -> ModelSubscription:
    async with db.write() as session:
        subscription = ModelSubscription(user_id=actor.user_id, model_id=model_id, status=status, **columns)
        session.add(subscription)
    return subscription
