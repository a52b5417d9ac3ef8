"""Random walks through everything that can happen to keys, with a line to LiteLLM that fails and a process that dies.

The steps are in `walking`, what must hold after each of them and in the end in `walk_rules`. WALKS=1000 walks farther than a test run,
from another seed each time.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.db import Database
from gateway.keys.policy import Secret
from gateway.litellm import KeyChanges
from tests.conftest import a_database
from tests.domains.keys import walk_rules
from tests.domains.keys.walking import CLOCK, HOUR, MortalDatabase, Walk, World
from tests.proxies import proxy_in_process

LIMITS: list[dict[str, Any]] = [
    {"rpm_limit": 5},
    {"rpm_limit": None},
    {"max_budget": Decimal("2.5"), "budget_duration": "30d", "max_parallel_requests": 3},
    {"max_budget": None, "budget_duration": None, "max_parallel_requests": None},
    {"expires_at": HOUR},
    {"expires_at": None},
]
TAMPERING = [
    None,
    KeyChanges(rpm_limit=None),
    KeyChanges(rpm_limit=77),
    KeyChanges(blocked=False),
    KeyChanges(models=[]),
]
SUBSCRIBING = ["request", "cancel", "approve", "deny", "suspend", "suspend", "resume", "resume"]
QUOTAS = ["set quota", "set quota", "lift quota", "set end", "set pace", "set pace", "lift pace"]
BLOCKING, ROTATING = ["block", "unblock"], ["finish_rotation", "undo_rotation"]


def one_of(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


# The newest key mostly: walks that spread over many keys get nowhere with any of them.
which = one_of(0, 0, 0, 1)
model = st.integers(0, 2)
models = st.sets(model, min_size=1)
request_id = one_of(None, None, "a", "b")
ACTIONS = st.sampled_from(
    [st.tuples(st.just("verb"), st.sampled_from(BLOCKING * 3 + ROTATING * 3 + ["revoke"]), which)] * 3
    + [st.tuples(st.just("verb"), one_of("repair", "adopt"), which), st.tuples(st.just("leak"), which)]
    + [st.tuples(st.just("rotate"), which, one_of(timedelta(), HOUR, HOUR), request_id)] * 2
    + [st.tuples(st.just("update"), which, st.sampled_from(LIMITS))] * 2
    + [st.tuples(st.just("create"), models, request_id), st.tuples(st.just("replace_models"), which, models)]
    + [st.tuples(st.just("subscription"), st.sampled_from(SUBSCRIBING), model)] * 2
    + [st.tuples(st.just("subscription"), st.sampled_from(QUOTAS), model)]
    + [st.tuples(st.just("model"), one_of("RETIRED", "AVAILABLE", "AVAILABLE", "KEEP", "SUSPEND"), model)]
    + [
        st.tuples(st.just("calls"), model, st.integers(1, 3), one_of(timedelta(), timedelta(), HOUR)),
        st.tuples(one_of("quotas", "expire")),
    ]
    + [st.tuples(one_of("settle", "settle", "wait", "settle_twice_at_once"))] * 2
    + [st.tuples(one_of("sweep", "sweep", "restart")), st.tuples(st.just("deliver"), st.integers(0, 5))]
    + [st.tuples(st.just("tamper"), which, st.sampled_from(TAMPERING))]
    + [st.tuples(st.just("clock"), st.sampled_from([*CLOCK]))]
).flatmap(lambda action: action)
# How the line is during a step, and after how many statements, commits and requests our process dies in it.
LINE = one_of("well", "well", "well", "well", "cut", "deaf", "deaf", "late", "late", "stutters")
LIVES = st.none() | st.none() | st.none() | st.integers(1, 30)
WALKS = int(os.environ.get("WALKS", "0"))


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every secret that is made, whatever becomes of it."""
    made: list[str] = []
    new = Secret.new

    def noted() -> Secret:
        secret = new()
        made.append(secret.clear)
        return secret

    monkeypatch.setattr(Secret, "new", noted)
    return made


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that is logged, ours and those of the libraries."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]

    def note(_: Any, __: str, entry: Any) -> Any:
        lines.append(str(entry))
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.processors.format_exc_info, note])
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)
    structlog.configure(processors=before)


@pytest.mark.timeout(0 if WALKS else 300)
def test_whatever_happens_litellm_ends_up_with_what_our_rows_give(
    server_url: str, template: str, secrets: list[str], logged: list[str]
) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> World:
            url = await stack.enter_async_context(a_database(server_url, template))
            of_litellm = await stack.enter_async_context(a_database(server_url))
            line = await stack.enter_async_context(proxy_in_process(of_litellm))
            world = World(Database(url), line, MortalDatabase(url, line))
            stack.push_async_callback(world.close)
            return world

        world = runner.run(begin())

        async def walk(steps: list[Any]) -> None:
            secrets.clear()
            world.line.stuck.clear()
            await world.empty()
            walked = Walk(world, secrets, logged)
            await walked.begin()
            for (mode, lives), (name, *arguments) in steps:
                await walked.step(name, *arguments, line=mode, lives=lives)
                await walk_rules.check_always(walked)
                world.taken += 1
            await walk_rules.check_at_rest(walked)

        @settings(
            max_examples=WALKS or 20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=not WALKS,
            database=None,
            # Not shrunk: what happens at the same time does not happen again in the same way, and a walk is read in a minute.
            phases=(Phase.explicit, Phase.generate),
            report_multiple_bugs=False,
        )
        @given(st.lists(st.tuples(st.tuples(LINE, LIVES), ACTIONS), min_size=10, max_size=40))
        def walks(steps: list[Any]) -> None:
            runner.run(walk(steps))

        try:
            walks()
        finally:
            print(f"{world.taken} steps held")
            runner.run(stack.aclose())
