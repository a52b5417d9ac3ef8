"""Who may execute what, how much of it, and what it costs: asked before each operation, and settled after it.

A caller is a person over all sessions, an access token, a key, or an address that nobody signed in from. Every operation is charged
what it may cost at most before it is executed, at least a point even if it is refused, and what was not used is given back. An event of
a subscription costs what it came to, from points of its own; who has none left gets the next one later, never an error. Events are
counted where the subscription runs, everything else by all replicas together.
"""

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graphql import FieldNode, GraphQLSchema, OperationType

from gateway.errors import DomainError
from gateway.ratelimit import Buckets, Draw, MemoryBuckets, Rate, RateLimited
from gateway.settings import ApiSettings
from schema.context import Context
from schema.cost import Cost, QueryTooCostly, cost_of
from schema.execution import Document, nodes_of
from schema.operations import Operation

POINTS, WRITES, EVENTS = "points", "writes", "events"
# Times as many points come back for events as for what is asked: one is executed for all pages that wait for it.
EVENTS_MORE = 10


class TrustedDocumentsOnly(DomainError):
    code = "TRUSTED_DOCUMENTS_ONLY"
    sentence = "This LiteMaaS answers only the documents of its own pages."


class IntrospectionRefused(DomainError):
    code = "UNAUTHENTICATED"
    sentence = "Sign in to look at the schema; its text is at /schema.graphql."


@dataclass(slots=True)
class Charge:
    """What one operation is charged. `refusal` says why it must not be executed; a `dry_run` is not meant to be."""

    gate: "Gate"
    caller: str
    operation: Operation
    cost: Cost
    requested: int
    paid: int = 0
    actual: int | None = None
    left: dict[str, float] = field(default_factory=dict)
    refusal: DomainError | None = None
    running: bool = False

    @property
    def dry_run(self) -> bool:
        return self.operation.dry_run

    @property
    def available(self) -> int:
        """Points that the caller has left."""
        return max(0, math.floor(self.left.get(POINTS, 0)))

    @property
    def limit(self) -> int:
        return self.gate.rates[POINTS].capacity

    @property
    def reset_at(self) -> datetime:
        """When the caller has all points again if nothing else is asked."""
        return datetime.fromtimestamp(math.ceil(time.time() + self.gate.until_full(POINTS, self.left)), UTC)

    async def settle(self, data: dict[str, Any] | None) -> None:
        """Give back what was not used, by the result; an operation that was refused keeps its point."""
        if self.refusal or self.dry_run:
            self.actual = self.paid
            return
        self.actual = min(self.paid, self.cost.actual(data))
        if unused := self.paid - self.actual:
            draw = Draw(POINTS, -unused, self.gate.rates[POINTS])
            self.left[POINTS] = (await self.gate.buckets.take(self.caller, [draw])).left[0]

    def release(self) -> None:
        """The operation is over."""
        if self.running:
            self.running = False
            self.gate.leave(self.caller)

    async def pace(self, data: dict[str, Any] | None) -> None:
        """Pay for an event of a subscription; returns when there are points for it, and the next one may be executed."""
        draw = [Draw(EVENTS, min(self.requested, self.cost.actual(data)), self.gate.rates[EVENTS])]
        while wait := self.gate.events.take_now(self.caller, draw).wait:  # noqa: ASYNC110 - points come back with time
            await asyncio.sleep(wait)

    @property
    def extensions(self) -> dict[str, Any]:
        return {
            "requested": self.requested,
            "actual": self.actual,
            "available": self.available,
            "restoreRate": self.gate.rates[POINTS].per_second,
            "resetAt": self.reset_at,
        }

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """RateLimit fields as the IETF drafts them, and Retry-After for who must wait."""
        policies, levels = [], []
        for name, level in self.left.items():
            rate = self.gate.rates[name]
            policies.append(f'"{name}";q={rate.capacity};w={math.ceil(rate.window)}')
            levels.append(
                f'"{name}";r={max(0, math.floor(level))};t={math.ceil(self.gate.until_full(name, self.left))}'
            )
        headers = [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(levels).encode())]
        if isinstance(self.refusal, RateLimited):
            headers.append((b"retry-after", b"%d" % self.refusal.retry_after))
        return headers


class Gate:
    """Admits operations on one schema, as the settings say."""

    def __init__(self, schema: GraphQLSchema, buckets: Buckets, settings: ApiSettings) -> None:
        self.schema, self.buckets, self._settings = schema, buckets, settings
        self.events = MemoryBuckets()
        self.rates = {
            POINTS: Rate(settings.points, settings.points_per_second),
            EVENTS: Rate(settings.points, settings.points_per_second * EVENTS_MORE),
            WRITES: Rate(settings.writes, settings.writes_per_minute / 60),
        }
        self._running: Counter[str] = Counter()

    async def admit(self, operation: Operation, context: Context) -> Charge:
        """The charge for an operation, paid. Whoever gets one must `release` it."""
        cost = cost_of(self.schema, operation.document, operation.name)
        charge = Charge(self, context.caller, operation, cost, cost.estimate(operation.variables))
        charge.refusal = self._refusal(charge, context)
        refused = charge.refusal is not None or charge.dry_run
        if not refused and operation.type is not OperationType.SUBSCRIPTION:
            self._running[charge.caller] += 1
            charge.running = True
        draws = [Draw(POINTS, 1 if refused else charge.requested, self.rates[POINTS])]
        if cost.changes and not refused:
            draws.append(Draw(WRITES, cost.changes, self.rates[WRITES]))
        context.charge = charge
        try:
            taken = await self.buckets.take(charge.caller, draws)
        except BaseException:
            charge.release()
            raise
        charge.left = {draw.bucket: level for draw, level in zip(draws, taken.left, strict=True)}
        if taken.wait:
            lacking = next(d.bucket for d, level in zip(draws, taken.left, strict=True) if level < d.points)
            charge.refusal = RateLimited(lacking, max(1, math.ceil(taken.wait)))
        else:
            charge.paid = int(draws[0].points)
        return charge

    def _refusal(self, charge: Charge, context: Context) -> DomainError | None:
        operation, settings = charge.operation, self._settings
        bound = settings.trusted_documents_only
        if not operation.stored and (bound == "everybody" or (bound == "browsers" and context.from_browser)):
            return TrustedDocumentsOnly()
        if context.signed_in is None and _introspects(operation.document):
            return IntrospectionRefused()
        if charge.requested > settings.cost_ceiling:
            return QueryTooCostly(charge.requested, settings.cost_ceiling)
        if operation.type is not OperationType.SUBSCRIPTION and self._running[charge.caller] >= settings.concurrency:
            return RateLimited("concurrency", 1)
        return None

    def leave(self, caller: str) -> None:
        self._running[caller] -= 1
        if self._running[caller] <= 0:
            del self._running[caller]

    def until_full(self, bucket: str, left: dict[str, float]) -> float:
        """Seconds."""
        rate = self.rates[bucket]
        return (rate.capacity - left.get(bucket, 0)) / rate.per_second


def _introspects(document: Document) -> bool:
    return document.remember("introspects", lambda: bool(document.node and _asks_for_schema(document)))


def _asks_for_schema(document: Document) -> bool:
    assert document.node is not None
    names = (each.name.value for each in nodes_of(document.node) if isinstance(each, FieldNode))
    return any(name in ("__schema", "__type") for name in names)
