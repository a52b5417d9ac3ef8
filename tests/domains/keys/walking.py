"""One person's keys, and all that can happen to them: the steps of a walk. What must hold is in `walk_rules`."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Role
from gateway.catalog import ModelAccess
from gateway.db import Database, utc_now
from gateway.errors import DomainError
from gateway.events import Bus
from gateway.keys import KeyService, NewKey
from gateway.keys.tables import api_key
from gateway.litellm import Breaker, KeyChanges, LiteLLM
from gateway.subscriptions import ExistingSubscriptions, SubscriptionService
from gateway.usage import UsageService
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import execute, make_due, sha256
from tests.domains.usage.ledger import a_call
from tests.proxies import MASTER_KEY, Died, Line

HOUR = timedelta(hours=1)
CLOCK = {
    "overlaps end": "UPDATE api_key_generation SET ends_at = now() - interval '1 s' WHERE ends_at IS NOT NULL",
    "keys expire": "UPDATE api_key SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL",
    "subscriptions end": "UPDATE model_subscription SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL",
    "windows end": "UPDATE model_subscription SET exhausted_until = now() - interval '1 s' WHERE exhausted_until IS NOT NULL",
}
QUOTA = {"max_requests": 2, "budget_duration": "1h"}


class MortalDatabase(Database):
    """The process that has it dies at the line's call: before and after each statement, and before and after each commit."""

    def __init__(self, url: str, line: Line) -> None:
        super().__init__(url)
        self._burn = line.burn
        for moment in ("before_cursor_execute", "after_cursor_execute"):
            event.listen(self.engine.sync_engine, moment, line.burn)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with super().write() as session:
            yield session
            self._burn()
        self._burn()


@dataclass
class World:
    """What outlives a walk. `mortal` is the process that dies, and `other` one beside it that doesn't, with a line that is well.

    A step is a second for the circuit breaker.
    """

    db: Database
    line: Line
    mortal: MortalDatabase
    steps: int = 0
    taken: int = 0

    def __post_init__(self) -> None:
        self.peek = LiteLLM("http://litellm", MASTER_KEY, transport=self.line.straight)
        breaker = Breaker(clock=lambda: self.steps)
        litellm = LiteLLM("http://litellm", MASTER_KEY, transport=self.line, breaker=breaker)
        self.keys = KeyService(self.mortal, litellm)
        self.other = KeyService(self.db, self.peek)
        self.subscriptions = SubscriptionService(self.mortal)
        self.usage = UsageService(self.mortal, Bus(self.db.url))

    async def empty(self) -> None:
        """Of everything but the audit record, which can't be emptied."""
        async with self.db.write() as session:
            named = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            tables = ", ".join(f'"{name}"' for name in named if not name.startswith(("alembic", "audit")))
            await session.execute(text(f"TRUNCATE {tables}"))
        while keys := (await self.peek.list_keys("litemaas-")).keys:
            for key in keys:
                await self.peek.delete_key(key.token)

    async def close(self) -> None:
        await self.mortal.close()
        await self.db.close()


@dataclass
class Walk:
    """Alice's keys, from nothing. Two models are open and one is restricted; Ada decides. Bob has a key that nobody touches."""

    world: World
    secrets: list[str]
    logged: list[str]
    made: list[UUID] = field(default_factory=list)
    tampered: set[str] = field(default_factory=set)

    async def begin(self) -> None:
        self.alice, bob = await a_person(self.world.db), await a_person(self.world.db)
        self.ada = await a_person(self.world.db, role=Role.ADMIN)
        kinds = (ModelAccess.OPEN, ModelAccess.OPEN, ModelAccess.RESTRICTED)
        self.models = [await a_model(self.world.db, access=access) for access in kinds]
        for model in self.models:
            await a_subscription(self.world.db, self.alice, model.id)
        self.bobs = await a_model(self.world.db)
        await a_subscription(self.world.db, bob, self.bobs.id)
        self.of_bob = (await self.world.other.create(bob, NewKey("of bob", [self.bobs.id]))).secret
        await self.step("create", {0, 1}, None)

    async def step(self, name: str, *arguments: Any, line: str = "well", lives: int | None = None) -> None:
        """One step, with a line that is well, cut, deaf, late or stutters. Nothing that is said on the way may hold a secret."""
        self.world.steps += 1
        for fault in ("cut", "deaf", "late", "stutters"):
            setattr(self.world.line, fault, line == fault)
        self.world.line.lives = lives
        said = ""
        try:
            await getattr(self, name)(*arguments)
        except (DomainError, Died) as error:  # refused, LiteLLM is away, or our end
            said = "".join(traceback.format_exception(error)) + repr(error)
        self.world.line.lives = None
        for secret in self.secrets:
            assert secret not in said, "a secret is in an error"
            assert secret not in "".join(self.logged), "a secret is in a log"
        self.logged.clear()
        # What was still on its way when the process died arrives.
        others = [t for t in asyncio.all_tasks() if getattr(t.get_coro(), "__qualname__", "").startswith("_settle.")]
        if others:
            await asyncio.wait(others)

    async def _on(self, index: int, verb: Callable[[UUID], Awaitable[Any]]) -> Any:
        return await verb(self.made[-1 - index % len(self.made)]) if self.made else None

    async def ids(self) -> list[UUID]:
        mine = select(api_key.c.id).where(api_key.c.user_id == self.alice.user_id).order_by(api_key.c.created_at)
        async with self.world.db.read() as session:
            return list((await session.scalars(mine)).all())

    async def create(self, models: set[int], request_id: str | None) -> None:
        before = await self.ids()
        wanted = NewKey("k", [self.models[i].id for i in sorted(models)])
        try:
            await self.world.keys.create(self.alice, wanted, request_id)
        finally:
            self.made += [key for key in await self.ids() if key not in before]

    async def rotate(self, index: int, overlap: timedelta, request_id: str | None) -> None:
        await self._on(index, lambda key: self.world.keys.rotate(self.alice, key, overlap, request_id))

    async def update(self, index: int, limits: dict[str, Any]) -> None:
        given = {k: utc_now() + v if isinstance(v, timedelta) else v for k, v in limits.items()}
        await self._on(index, lambda key: self.world.keys.update(self.alice, key, given))

    async def replace_models(self, index: int, models: set[int]) -> None:
        chosen = {"model_ids": [self.models[i].id for i in sorted(models)]}
        await self._on(index, lambda key: self.world.keys.update(self.alice, key, chosen))

    async def verb(self, name: str, index: int) -> None:
        """block, unblock, finish_rotation, undo_rotation, revoke, repair or, by the admin, adopt."""
        actor = self.ada if name == "adopt" else self.alice
        await self._on(index, lambda key: getattr(self.world.keys, name)(actor, key))

    async def leak(self, index: int) -> None:
        await self._on(index, lambda key: self.world.keys.report_leak(self.alice, key, utc_now() - HOUR))

    async def settle(self) -> None:
        await self.world.keys.settle()

    async def settle_twice_at_once(self) -> None:
        first, second = await asyncio.gather(
            self.world.keys.settle(), self.world.other.settle(), return_exceptions=True
        )
        assert not isinstance(second, BaseException), second
        if isinstance(first, BaseException):
            raise first

    async def sweep(self) -> None:
        await self.world.keys.sweep()

    async def restart(self) -> None:
        await self.world.line.straight.restart()

    async def deliver(self, which: int) -> None:
        await self.world.line.deliver(which)

    async def tamper(self, index: int, changes: KeyChanges | None) -> None:
        """Somebody edits or, without changes, deletes what is in LiteLLM."""

        async def edit(key: UUID) -> None:
            for row in (await self.world.other.generations_by_key([key]))[key]:
                self.tampered.add(row.token_hash)
                if changes is None:
                    await self.world.peek.delete_key(row.token_hash)
                else:
                    await self.world.peek.update_key(row.token_hash, changes)

        await self._on(index, edit)

    async def subscription(self, verb: str, index: int) -> None:
        model, service = self.models[index], self.world.subscriptions
        row = (await self.world.subscriptions.latest_by_model(self.alice, [model.id]))[model.id]
        match verb:
            case "request":
                await service.request(self.alice, model.id, "please")
            case "cancel":
                await service.cancel(self.alice, row.id)
            case "approve":
                await service.approve(self.ada, row.id)
            case "deny" | "suspend":
                await getattr(service, verb)(self.ada, row.id, "no")
            case "resume":
                await service.resume(self.ada, row.id)
            case "set pace" | "lift pace":
                await service.change(self.ada, row.id, {"rpm_limit": 3 if verb == "set pace" else None})
            case "set quota":
                await service.change(self.ada, row.id, QUOTA)
            case "lift quota":
                await service.change(self.ada, row.id, dict.fromkeys(QUOTA))
            case "set end":
                await service.change(self.ada, row.id, {"expires_at": utc_now() + HOUR})

    async def model(self, change: str, index: int) -> None:
        model = self.models[index].id
        if change in ("RETIRED", "AVAILABLE"):  # as a sync with LiteLLM's list finds them
            await execute(self.world.db, f"UPDATE model SET lifecycle = '{change}' WHERE id = '{model}'")
        else:
            existing = ExistingSubscriptions[change]
            changed = {"access": ModelAccess.RESTRICTED}
            await self.world.subscriptions.change_model(self.ada, model, changed, existing=existing, reason="so it is")

    async def calls(self, index: int, number: int, ago: timedelta) -> None:
        """Less than a quota allows, as much or more, in this window or in the one before, with whatever secret was made first."""
        at, token = utc_now() - ago, sha256(self.secrets[0])
        for _ in range(number):
            call = a_call(model_name=self.models[index].name, token_hash=token, occurred_at=at)
            await self.world.usage.ingest([call])

    async def quotas(self) -> None:
        await self.world.usage.settle_all_quotas()

    async def expire(self) -> None:
        await self.world.subscriptions.expire()

    async def clock(self, what: str) -> None:
        await execute(self.world.db, CLOCK[what])
        if what == "windows end":
            await execute(self.world.db, "TRUNCATE usage_event, usage_hourly")

    async def wait(self) -> None:
        self.world.steps += 60
        await make_due(self.world.db)
