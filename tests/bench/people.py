"""A thousand people at the pages for five minutes, with live sockets, while LiteLLM reports 50 calls a second.

Each has a tab open with its WebSocket and goes from page to page, by k6 (`.ci/k6` fetches it; people.js says what they do). A page is read
for half a minute, between 15 and 45 seconds, as a portal's pages are; `--read 10` is a rush. One gateway process with its jobs, its limits
and the documents of its pages; PostgreSQL, LiteLLM and k6 share the machine's cores with it. Goals: 99 % of the answers within 200 ms, no
errors, memory flat.
"""

import asyncio
import hashlib
import json
import os
import re
import resource
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.db import utc_now
from gateway.keys import NewKey
from gateway.services import Services, build_services, opened
from gateway.subscriptions import ModelSubscription, SubscriptionStatus
from gateway.usage import CallRecord
from gateway.users import queries
from tests.bench.serving import WEBHOOK_SECRET, Server, arguments, database, person, serving, settings, sign_in

T = TypeVar("T")
R = TypeVar("R")

ROOT = Path(__file__).parents[2]
MODELS = ("gpt-5-mini", "claude-haiku-4-5", "mistral-small", "granite-4-h-small")
DAYS, CALLS_EACH, BATCH = 30, 100, 1_000
AT_ONCE = 8
SETTLING = 60  # seconds in which everybody has opened as many connections as a page asks for


@dataclass(frozen=True)
class Visitor:
    """Who is signed in, and the hash of the key that LiteLLM reports calls of."""

    cookie: str
    token: str


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    """The results in order; some at a time."""
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> R:
        async with lanes:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))


async def arrive(server: Server, services: Services, count: int) -> list[Visitor]:
    """Everybody is signed in, has subscribed to some models and has a key with a month of calls behind it."""
    print(f"{count:,} people settle in…", flush=True)
    cookies = await for_each(range(count), lambda number: sign_in(server.port, person(number)))
    await services.catalog.sync()
    page = await services.catalog.page(Actor(uuid4(), "bench", Role.ADMIN), 100)
    models = [row.id for row in page.rows if row.name in MODELS]
    async with services.db.write() as session:
        ids = {row.username: UUID(str(row.id)) for row in await session.execute(queries.user.select())}
        session.add_all(
            ModelSubscription(user_id=ids[person(number)], model_id=model, status=SubscriptionStatus.ACTIVE)
            for number in range(count)
            for model in models
        )

    async def make_key(number: int) -> str:
        actor = Actor(ids[person(number)], person(number), Role.USER)
        key = await services.keys.create(actor, NewKey("Key", models))
        return hashlib.sha256(key.secret.encode()).hexdigest()

    tokens = await for_each(range(count), make_key)
    chance, now = Random(1), utc_now()
    calls = [a_call(token, now - timedelta(days=DAYS) * chance.random(), chance) for token in tokens * CALLS_EACH]
    calls.sort(key=lambda call: call.occurred_at)
    for start in range(0, len(calls), BATCH):
        await services.usage.ingest(calls[start : start + BATCH])
    async with services.db.read() as session:
        await session.execute(text("VACUUM ANALYZE"))  # as a database has had that was not filled a moment ago
    return [Visitor(cookie, token) for cookie, token in zip(cookies, tokens, strict=True)]


def a_call(token: str, at: Any, chance: Random) -> CallRecord:
    tokens = chance.randrange(20, 4_000)
    return CallRecord(
        call_id=uuid4().hex,
        occurred_at=at,
        model_name=chance.choice(MODELS),
        success=chance.random() < 0.97,
        call_type="acompletion",
        prompt_tokens=tokens,
        completion_tokens=tokens // 4,
        total_tokens=tokens + tokens // 4,
        spend=Decimal(tokens) / 1_000_000,
        token_hash=token,
        latency_ms=tokens,
        provider="openai",
    )


async def open_models(server: Server, cookie: str) -> list[str]:
    query = "{ models(first: 100) { edges { node { id access } } } }"
    async with httpx.AsyncClient(headers={"Cookie": cookie, "X-LiteMaaS-Request": "1"}) as http:
        answer = (await http.post(f"{server.url}/graphql", json={"query": query})).json()
    return [edge["node"]["id"] for edge in answer["data"]["models"]["edges"] if edge["node"]["access"] == "OPEN"]


def documents() -> dict[str, str]:
    """The hash of each document that people.js names, by its operation's name. SystemExit if the pages have it no more."""
    named: dict[str, str] = {}
    for key, document in json.loads((ROOT / "frontend/operations.json").read_text()).items():
        if found := re.match(r"\s*(?:query|mutation|subscription)\s+(\w+)", document):
            named[found[1]] = key
    script = Path(__file__).with_suffix(".js").read_text()
    wanted = set(re.findall(r'"(\w+(?:Query|Mutation|Subscription))"', script))
    if missing := wanted - named.keys():
        raise SystemExit(f"The pages have no {', '.join(sorted(missing))} any more: see people.js")
    return {name: named[name] for name in sorted(wanted)}


def k6() -> str:
    found = shutil.which("k6", path=f"{ROOT / '.tools'}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise SystemExit("k6 is missing: run .ci/k6")
    return found


async def visit(server: Server, folder: Path, options: Namespace) -> tuple[dict[str, Any], list[int], float]:
    """k6's metrics, the server's memory each second, and the share of a core that it had."""
    variables = {
        "PORTAL": server.url,
        "SECRET": WEBHOOK_SECRET,
        "COUNT": str(options.people),
        "SECONDS": str(options.seconds),
        "ARRIVE": str(options.arrive),
        "READ": str(options.read),
        "SUMMARY": str(folder / "summary.json"),
        **{name.upper(): str(folder / f"{name}.json") for name in ("people", "documents", "models")},
        "K6_NO_USAGE_REPORT": "true",
        "K6_AUTO_EXTENSION_RESOLUTION": "false",
    }
    command = [k6(), "run", "--quiet", "--log-output=stderr", str(Path(__file__).with_suffix(".js"))]
    memory: list[int] = []
    began, used = time.monotonic(), server.cpu_seconds
    visiting = await asyncio.create_subprocess_exec(*command, env=os.environ | variables)
    ended = asyncio.create_task(visiting.wait())
    while not (await asyncio.wait([ended], timeout=1))[0]:
        memory.append(server.memory)
    if ended.result() != 0:
        raise SystemExit(f"k6 ended with {ended.result()}")
    share = (server.cpu_seconds - used) / (time.monotonic() - began)
    return json.loads((folder / "summary.json").read_text()), memory, share


def report(metrics: dict[str, Any], memory: list[int], share: float, options: Namespace) -> int:
    """Prints what was seen; gives the number of errors."""

    def count(name: str) -> int:
        return int(metrics[name]["values"]["count"]) if name in metrics else 0

    def line(name: str, values: dict[str, float]) -> str:
        shares = "   ".join(f"{label} {values[key]:7.1f}" for label, key in SHARES.items())
        return f"  {name:<28}{int(values['count']):>9,}   {shares} ms"

    print(f"{options.people:,} people, {options.seconds} s after they came within {options.arrive} s")
    print(line("all requests", metrics["http_req_duration"]["values"]))
    print(line("a page, all it asks for", metrics["page_time"]["values"]))
    for name, metric in sorted(metrics.items()):
        if (found := re.fullmatch(r"http_req_duration\{name:(\w+)\}", name)) and metric["values"]["count"]:
            print(line(found[1], metric["values"]))
    megabytes = [round(each / 2**20) for each in memory]
    settled = min(options.arrive + SETTLING, len(megabytes) - 1)
    print(f"requests  {metrics['http_reqs']['values']['rate']:.0f} a second (goal: p99 200 ms)")
    print(f"live      {count('ws_sessions'):,} sockets, {count('ticks'):,} ticks")
    print(f"keys      {count('keys_made'):,} made")
    print(
        f"memory    {megabytes[0]} MB with nobody, {megabytes[settled]} a minute after all had come, {megabytes[-1]} at the end;"
        f" by the half minute: {' '.join(map(str, megabytes[::30]))}"
    )
    print(f"gateway   {share:.2f} of a core")
    print(f"errors    {count('failed')}")
    return count("failed")


SHARES = {"p50": "med", "p95": "p(95)", "p99": "p(99)", "max": "max"}


async def run(database_url: str, litellm_url: str, options: Namespace) -> int:
    with (
        serving("tests.bench.portal_server", database_url, litellm_url, str(options.people)) as server,
        tempfile.TemporaryDirectory(prefix="litemaas-people-") as folder,
    ):
        async with opened(build_services(settings(database_url, server.port, litellm_url=litellm_url))) as services:
            people = await arrive(server, services, options.people)
            await services.db.close()
        given = {
            "people": [asdict(each) for each in people],
            "documents": documents(),
            "models": await open_models(server, people[0].cookie),
        }
        write(Path(folder), given)
        return report(*await visit(server, Path(folder), options), options)


def write(folder: Path, given: dict[str, Any]) -> None:
    for name, content in given.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def main() -> None:
    options = arguments(__doc__ or "", people=1_000, seconds=300, arrive=60, read=30)
    if options.smoke:
        options.people, options.seconds, options.arrive, options.read = 30, 10, 3, 1
    # A person has a socket and some connections, at both ends.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with (
        database() as url,
        database() as litellm_database,
        serving("tests.bench.litellm_server", litellm_database) as litellm,
    ):
        if asyncio.run(run(url, litellm.url, options)):
            raise SystemExit("some requests failed: see above")


if __name__ == "__main__":
    main()
