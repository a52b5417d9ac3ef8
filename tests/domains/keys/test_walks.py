"""Random walks through everything that can happen to keys, with a line to LiteLLM that fails and a process that dies.

After each step: every secret that our rows call alive is alive in LiteLLM, and LiteLLM has no key without a row. When the line is well
again and everything has come to rest: LiteLLM has exactly what our rows give, limit by limit. WALKS=1000 walks farther than a test run.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import DomainError
from gateway.keys import KeyService, NewKey, desired
from gateway.keys.tables import api_key, generation
from gateway.litellm import LiteLLM
from tests.builders import a_model, a_person, a_subscription
from tests.conftest import a_database
from tests.domains.keys.looking import everything_stored, make_due
from tests.proxies import MASTER_KEY, Died, Line, proxy_in_process

HOUR = timedelta(hours=1)
COLUMNS = ("status", "max_budget", "budget_duration", "rpm_limit", "tpm_limit", "max_parallel_requests", "expires_at")
LIMITS: list[dict[str, Any]] = [
    {"rpm_limit": 5},
    {"rpm_limit": None},
    {"max_budget": Decimal("2.5"), "budget_duration": "30d", "max_parallel_requests": 3},
    {"max_budget": None, "budget_duration": None, "max_parallel_requests": None},
    {"expires_at": HOUR},
    {"expires_at": None},
]
SUBSCRIPTION = [
    "UPDATE model_subscription SET status = 'SUSPENDED' WHERE {mine} AND status = 'ACTIVE'",
    "UPDATE model_subscription SET status = 'ACTIVE' WHERE {mine} AND status = 'SUSPENDED'",
    "UPDATE model_subscription SET exhausted_until = now() + interval '1 h' WHERE {mine}",
    "UPDATE model_subscription SET exhausted_until = NULL WHERE {mine}",
    "UPDATE model SET lifecycle = 'RETIRED' WHERE id = '{model}'",
    "UPDATE model SET lifecycle = 'AVAILABLE' WHERE id = '{model}'",
]
CLOCK = [
    "UPDATE api_key_generation SET ends_at = now() - interval '1 s' WHERE ends_at IS NOT NULL",
    "UPDATE api_key SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL AND user_id = '{user}'",
]

# The newest key mostly: walks that spread over many keys get nowhere with any of them.
which = st.sampled_from([0, 0, 0, 1])
VERBS = ["block", "unblock"] * 3 + ["finish", "undo"] * 3 + ["revoke", "leak"]
ACTIONS = st.sampled_from(
    [st.tuples(st.sampled_from(VERBS), which)] * 3
    + [st.tuples(st.just("rotate"), which, st.sampled_from([timedelta(), HOUR, HOUR]))] * 2
    + [st.tuples(st.just("update"), which, st.sampled_from(LIMITS))] * 2
    + [st.tuples(st.just("subscription"), st.integers(0, 2), st.sampled_from(SUBSCRIPTION))] * 2
    + [st.tuples(st.sampled_from(["settle", "wait"]))] * 2
    + [st.tuples(st.just("create"), st.sets(st.integers(0, 2), min_size=1))]
    + [st.tuples(st.just("replace_models"), which, st.sets(st.integers(0, 2), min_size=1))]
    + [st.tuples(st.just("clock"), st.sampled_from(CLOCK))]
).flatmap(lambda action: action)
# How the line is during a step, and where on it our process dies.
FAULTS = st.tuples(
    st.sampled_from(["well", "well", "well", "cut", "deaf", "deaf", "stutters"]),
    st.sampled_from([None, None, None, None, 1, 2, 3, 4, 5, 6]),
)


@dataclass
class Walk:
    """One person's keys, from nothing."""

    db: Database
    line: Line
    keys: KeyService
    litellm: LiteLLM
    peek: LiteLLM
    alice: Actor
    models: list[UUID]
    made: list[UUID] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    async def step(self, name: str, *arguments: Any, line: str = "well", lives: int | None = None) -> None:
        self.line.cut, self.line.deaf, self.line.stutters = line == "cut", line == "deaf", line == "stutters"
        self.line.lives = lives
        said = ""
        try:
            await getattr(self, name)(*arguments)
        except DomainError as error:
            said = repr(error) + str(error)  # refused, or LiteLLM is away
        except Died:
            said = "died"
        assert not [secret for secret in self.secrets if secret in said]
        # What was still on its way when the process died arrives.
        others = [t for t in asyncio.all_tasks() if getattr(t.get_coro(), "__qualname__", "").startswith("_settle.")]
        if others:
            await asyncio.wait(others)

    async def _on(self, index: int, verb: Callable[[UUID], Awaitable[Any]]) -> Any:
        return await verb(self.made[-1 - index % len(self.made)]) if self.made else None

    async def create(self, models: set[int]) -> None:
        before = await self._ids()
        try:
            made = await self.keys.create(self.alice, NewKey("k", [self.models[i] for i in sorted(models)]))
            self.secrets.append(made.secret)
        finally:
            self.made += [key for key in await self._ids() if key not in before]

    async def _ids(self) -> list[UUID]:
        mine = select(api_key.c.id).where(api_key.c.user_id == self.alice.user_id).order_by(api_key.c.created_at)
        async with self.db.read() as session:
            return list((await session.scalars(mine)).all())

    async def update(self, index: int, limits: dict[str, Any]) -> None:
        given = {k: utc_now() + v if isinstance(v, timedelta) else v for k, v in limits.items()}
        await self._on(index, lambda key: self.keys.update(self.alice, key, given))

    async def replace_models(self, index: int, models: set[int]) -> None:
        chosen = {"model_ids": [self.models[i] for i in sorted(models)]}
        await self._on(index, lambda key: self.keys.update(self.alice, key, chosen))

    async def block(self, index: int) -> None:
        await self._on(index, lambda key: self.keys.block(self.alice, key))

    async def unblock(self, index: int) -> None:
        await self._on(index, lambda key: self.keys.unblock(self.alice, key))

    async def finish(self, index: int) -> None:
        await self._on(index, lambda key: self.keys.finish_rotation(self.alice, key))

    async def undo(self, index: int) -> None:
        await self._on(index, lambda key: self.keys.undo_rotation(self.alice, key))

    async def revoke(self, index: int) -> None:
        await self._on(index, lambda key: self.keys.revoke(self.alice, key))

    async def leak(self, index: int) -> None:
        reported = await self._on(index, lambda key: self.keys.report_leak(self.alice, key, utc_now() - HOUR))
        if reported and reported.secret:
            self.secrets.append(reported.secret)

    async def rotate(self, index: int, overlap: timedelta) -> None:
        rotated = await self._on(index, lambda key: self.keys.rotate(self.alice, key, overlap))
        if rotated:
            self.secrets.append(rotated.secret)

    async def subscription(self, index: int, statement: str) -> None:
        model = self.models[index]
        mine = f"user_id = '{self.alice.user_id}' AND model_id = '{model}'"
        await self._execute(statement.format(mine=mine, model=model))

    async def clock(self, statement: str) -> None:
        await self._execute(statement.format(user=self.alice.user_id))

    async def _execute(self, statement: str) -> None:
        async with self.db.write() as session:
            await session.execute(text(statement))

    async def settle(self) -> None:
        await self.keys.settle()

    async def wait(self) -> None:
        await make_due(self.db)

    async def rows(self) -> list[Any]:
        found = (
            select(generation, *(api_key.c[name] for name in COLUMNS), desired.wanted().label("wanted"))
            .select_from(generation.join(api_key))
            .where(api_key.c.user_id == self.alice.user_id)
        )
        async with self.db.read() as session:
            return list((await session.execute(found)).all())

    async def check_always(self) -> None:
        rows = await self.rows()
        there = await self._tokens()
        assert there <= {row.token_hash for row in rows}, "LiteLLM has a key without a row"
        alive = {row.token_hash for row in rows if row.wanted != desired.ABSENT and row.told is not None}
        assert alive <= there, "a secret that should work is gone from LiteLLM"

    async def _tokens(self) -> set[str]:
        """All that LiteLLM has of hers."""
        found: set[str] = set()
        page = 1
        while keys := (await self.peek.list_keys("litemaas-", page)).keys:
            found |= {key.token for key in keys if key.user_id == str(self.alice.user_id)}
            page += 1
        return found

    async def check_at_rest(self) -> None:
        for _ in range(2):
            await self.step("wait")
            await self.step("settle")
        await self.step("wait")
        assert await self.keys.settle() == 0, "it does not come to rest"
        rows, allowed = await self.rows(), await self._allowed()
        for row in rows:
            info = await self.peek.key_info(row.token_hash)
            if row.ended_at is not None:
                assert info is None, "what has ended works in LiteLLM"
                continue
            assert info is not None
            assert set(info.models) == (allowed[row.api_key_id] or {"no-default-models"})
            assert bool(info.blocked) == (row.status == "BLOCKED")
            for limit in ("max_budget", "budget_duration", "rpm_limit", "tpm_limit", "max_parallel_requests"):
                assert getattr(info, limit) == getattr(row, limit)
            ends = [end for end in (row.expires_at, row.ends_at) if end is not None]
            assert (info.expires is None) == (ends == [])
            assert info.expires is None or abs(info.expires - min(ends)) < timedelta(seconds=30)
        for key in (await self.keys.page(self.alice, 100)).rows:
            assert key.in_sync
            living = [row for row in rows if row.api_key_id == key.id and row.ended_at is None]
            ending = [row for row in living if row.ends_at is not None]
            match key.status:
                case "ACTIVE":
                    assert (len(living), len(ending)) == (1, 0)
                case "ROTATING":
                    assert (len(living), len(ending)) == (2, 1)
                case "BLOCKED":
                    assert (len(living), len(ending)) in ((0, 0), (1, 0), (2, 1))
                case over:
                    assert over in ("REVOKED", "EXPIRED", "FAILED")
                    assert living == []
        stored = await everything_stored(self.db)
        assert not [secret for secret in self.secrets if secret in stored]

    async def _allowed(self) -> dict[UUID, set[str]]:
        """What each key may call, by the words of the rule and not by the query that is tested."""
        async with self.db.read() as session:
            subscribed = await session.execute(
                text("SELECT model_id, status, exhausted_until FROM model_subscription WHERE user_id = :u"),
                {"u": self.alice.user_id},
            )
            given = {
                row.model_id
                for row in subscribed
                if row.status == "ACTIVE" and (row.exhausted_until is None or row.exhausted_until <= utc_now())
            }
            held = await session.execute(
                text(
                    "SELECT k.id, m.id AS model_id, m.name, m.lifecycle FROM api_key k JOIN api_key_model h ON h.api_key_id = k.id"
                    " JOIN model m ON m.id = h.model_id WHERE k.user_id = :u"
                ),
                {"u": self.alice.user_id},
            )
            allowed: dict[UUID, set[str]] = {key: set() for key in await self._ids()}
            for row in held:
                if row.model_id in given and row.lifecycle != "RETIRED":
                    allowed[row.id].add(row.name)
        return allowed


@pytest.mark.timeout(600)
def test_whatever_happens_litellm_ends_up_with_what_our_rows_give(server_url: str, template: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> tuple[Database, Line, LiteLLM, LiteLLM]:
            db = Database(await stack.enter_async_context(a_database(server_url, template)))
            stack.push_async_callback(db.close)
            line = await stack.enter_async_context(
                proxy_in_process(await stack.enter_async_context(a_database(server_url)))
            )
            litellm, peek = (LiteLLM("http://litellm", MASTER_KEY, transport=t) for t in (line, line.straight))
            return db, line, litellm, peek

        db, line, litellm, peek = runner.run(begin())

        async def walk(steps: list[Any]) -> None:
            alice = await a_person(db)
            models = [(await a_model(db)).id for _ in range(3)]
            for model in models:
                await a_subscription(db, alice, model)
            walked = Walk(db, line, KeyService(db, litellm), litellm, peek, alice, models)
            await walked.step("create", {0, 1})
            for (mode, lives), (name, *arguments) in steps:
                await walked.step(name, *arguments, line=mode, lives=lives)
                await walked.check_always()
            await walked.check_at_rest()

        @settings(
            max_examples=int(os.environ.get("WALKS", "20")),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize="WALKS" not in os.environ,
            database=None,
        )
        @given(st.lists(st.tuples(FAULTS, ACTIONS), min_size=10, max_size=40))
        def walks(steps: list[Any]) -> None:
            runner.run(walk(steps))

        try:
            walks()
        finally:
            runner.run(stack.aclose())
