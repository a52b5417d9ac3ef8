"""The verbs of the ledger."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from gateway import events
from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import DomainError
from gateway.subscriptions import Used
from gateway.usage import (
    arranging,
    folding,
    ingest,
    live,
    lookups,
    partitions,
    policy,
    queries,
    quotas,
    reading,
    rebuild,
    speeds,
)
from gateway.usage.answers import Ask, Sums, Totals, View
from gateway.usage.budgets import Budgets
from gateway.usage.calls import Calls
from gateway.usage.export import Exporting
from gateway.usage.grouping import Grouping
from gateway.usage.live import Tick
from gateway.usage.partitions import Partition
from gateway.usage.policy import EVERYTHING, CallRecord, Scope, Span, TimeRange, UsageFilter
from gateway.usage.reconcile.coverage import Compared, compared
from gateway.usage.sharing import Sharing

log = structlog.get_logger(__name__)

ATTEMPTS = 3
_identity: Callable[[CallRecord], tuple[str, bool]] = attrgetter("call_id", "success")


class LedgerUnavailable(DomainError):
    code = "LEDGER_UNAVAILABLE"
    sentence = "The ledger can't be written at the moment. Send the same again."


@dataclass(frozen=True)
class IngestResult:
    """How many events of a batch were booked, were booked before, and can't be."""

    stored: int
    duplicates: int
    rejected: int


class UsageService(Calls, Budgets, Exporting):
    """`bus` wakes the live verbs; all others need the database only. `keep_days`: for how long single calls are kept, None for good."""

    def __init__(self, db: Database, bus: events.Bus, keep_days: int | None = None) -> None:
        self._db, self._bus, self._keep_days = db, bus, keep_days
        self._states = live.States(db)
        self._bookings = Grouping(self._store)
        self._readings = Sharing[dict[tuple[View, Ask], Any]]()

    async def ingest(self, batch: Sequence[CallRecord]) -> IngestResult:
        """Book what is not booked yet and wake who watches it. Returns after the commit.

        Any order, repetition and mixture; the same again is harmless. A record with absurd values is counted, logged by
        its call id and left out. Raises LedgerUnavailable when the database can't do it: nothing was booked.
        """
        now = utc_now()
        records: dict[tuple[str, bool], CallRecord] = {}
        problems: dict[str, str] = {}
        rejected = 0
        for record in batch:
            if problem := policy.problem(record, now):
                rejected += 1
                problems[record.call_id[: policy.MAX_TEXT]] = problem
            else:
                records.setdefault(_identity(record), record)
        if rejected:
            log.warning("usage.rejected", count=rejected, some=dict(list(problems.items())[:10]))
        stored = await self._bookings.add(list(records.values())) if records else 0
        return IngestResult(stored, len(batch) - rejected - stored, rejected)

    async def _store(self, parcels: Sequence[Sequence[CallRecord]]) -> Sequence[int]:
        """How many calls of each parcel were new. One that two of them tell of is the first one's."""
        known: set[tuple[str, bool]] = set()
        distinct: list[Sequence[CallRecord]] = []
        for records in parcels:
            if not known.isdisjoint(map(_identity, records)):
                records = [record for record in records if _identity(record) not in known]
            distinct.append(records)
            known.update(map(_identity, records))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._db.write() as session:
                    stored = await ingest.store_parcels(session, distinct, utc_now())
                    await events.publish(session, live.topics_of(stored))
                return stored.events
            except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                if attempt == ATTEMPTS or not ingest.is_passing(error):
                    # Not the error's text: SQLAlchemy puts the statement's values into it.
                    log.error("usage.not_stored", events=len(known), error=type(error).__name__, attempt=attempt)
                    raise LedgerUnavailable from error
        raise AssertionError("the last attempt returns or raises")

    async def answer(self, actor: Actor, asked: Sequence[tuple[View, Ask]]) -> dict[tuple[View, Ask], Any]:
        """What is asked of some views, all of one state of the ledger: see `answers` for what an ask is answered with.

        What can't be answered is answered with the error (NotPermitted, InvalidInput), so that the others can be.
        """
        by_view: dict[View, list[Ask]] = {}
        found: dict[tuple[View, Ask], Any] = {}
        for view, ask in asked:
            try:
                queries.permit(actor, view.scope)
                reading.check(actor, view, ask)
                by_view.setdefault(view, []).append(ask)
            except DomainError as error:
                found[view, ask] = error
        if not by_view:
            return found
        read = partial(self._read, actor, by_view)
        # What everybody used is the same for all who may see it.
        if all(view.scope is Scope.ALL for view in by_view):
            question = frozenset((view, ask) for view, asks in by_view.items() for ask in asks)
            return found | await self._readings.ask(question, read)
        return found | await read()

    async def _read(self, actor: Actor, by_view: Mapping[View, Sequence[Ask]]) -> dict[tuple[View, Ask], Any]:
        found: dict[tuple[View, Ask], Any] = {}
        async with self._db.snapshot() as rows:
            (extent,) = await rows(queries.EXTENT)
            for view, asks in by_view.items():
                source = queries.Source(actor, view, extent.kept_from, extent.until)
                answers = await reading.read(rows, source, asks)
                found |= {(view, ask): answer for ask, answer in answers.items()}
        return found

    async def ask(self, actor: Actor, view: View, ask: Ask) -> Any:
        """One answer. Raises NotPermitted for ALL unless the actor may read everything, and InvalidInput."""
        answer = (await self.answer(actor, [(view, ask)]))[view, ask]
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def totals(
        self, actor: Actor, during: TimeRange, wanted: UsageFilter = EVERYTHING, scope: Scope = Scope.OWN
    ) -> Totals:
        """Sums over the range, as one `ask`."""
        found: Totals = await self.ask(actor, View(during, wanted, scope), Sums())
        return found

    async def prepare_partitions(self) -> None:
        """What the job does every hour: make those of the weeks to come, so that no call has to."""
        today = utc_now().date()
        async with self._db.write() as session:
            await session.execute(ingest.TAKE_TURN)
            await partitions.ensure(session, (today + n * partitions.WEEK for n in range(partitions.AHEAD + 1)))

    async def retain(self, *, dry_run: bool = False) -> list[Partition]:
        """Drop the weeks that are kept no longer, and say which: what the job does every hour. `dry_run` drops none.

        The sums of dropped calls stay as they are, and calls of that time are booked no more.
        """
        if self._keep_days is None:
            return []
        if not dry_run:
            await self.settle_speeds()
        async with self._db.write() as session:
            await session.execute(ingest.TAKE_TURN)
            old = await partitions.before(session, utc_now() - timedelta(days=self._keep_days))
            if not dry_run:
                await partitions.drop(session, old)
        if old and not dry_run:
            log.info("usage.dropped", weeks=[each.start.date().isoformat() for each in old])
        return old

    async def settle_speeds(self) -> int:
        """What the job does every few seconds: bring the histograms of latency to what is booked. Returns how many calls."""
        return await speeds.settle(self._db)

    async def fold_sums(self) -> int:
        """What the job does every minute: make crossed sums of days that are over. Returns how many blocks."""
        return await folding.fold(self._db, utc_now())

    async def arrange_sums(self) -> int:
        """What the job does every minute: put sums of hours that are over in order. Returns how many stretches of six hours."""
        return await arranging.arrange(self._db, utc_now())

    async def rebuild_sums(self) -> AsyncIterator[Span]:
        """Make all sums anew from the calls that are kept, and say of each stretch of time when it is done: for repair.

        Nobody books meanwhile. Stopped anywhere, stretches are as they were or anew.
        """
        await self.settle_speeds()
        async for span in rebuild.rebuild(self._db):
            yield span

    async def compared(self, during: TimeRange) -> Compared:
        """How far the range was compared with LiteLLM's own spend log, and whether that is all that is due by now."""
        return await compared(self._db.rows, during, utc_now())

    async def spend_by_key(self, ids: Sequence[UUID]) -> dict[UUID, Decimal]:
        """US dollars since each key was made; without those never used. For keys that the caller was shown already."""
        return {row[0]: row[1] for row in await self._db.rows(lookups.spend_by_key(ids))}

    async def last_used_by_key(self, ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When the last call began, refused ones included; without keys never used. For keys already shown to the caller."""
        return {row[0]: row[1] for row in await self._db.rows(lookups.last_used_by_key(ids))}

    async def spend_by_subscription(
        self, wanted: Sequence[tuple[UUID, UUID, datetime]]
    ) -> dict[tuple[UUID, UUID, datetime], Decimal]:
        """US dollars for each (user, model, since), without those that have none. For subscriptions already shown."""
        if not wanted:
            return {}
        statement, parameters = lookups.spend_since(wanted)
        return {wanted[row.n - 1]: row.spend for row in await self._db.rows(statement, parameters)}

    async def used_by_subscription(
        self, wanted: Sequence[tuple[UUID, UUID, datetime]]
    ) -> dict[tuple[UUID, UUID, datetime], Used]:
        """What counts against quotas, for each (user, model, since) that has any. For subscriptions already shown."""
        return await quotas.used_since(self._db.rows, wanted)

    async def recent_by_user(self, user_ids: Sequence[UUID]) -> dict[UUID, Totals]:
        """Sums over the last 30 days, to the hour, of people who used anything. For people already shown to the caller."""
        statement = lookups.totals_by_user(user_ids, utc_now() - timedelta(days=30))
        return {row.user_id: Totals.of(row) for row in await self._db.rows(statement)}

    async def settle_quotas(self) -> int:
        """What the job does every few seconds: look at the quotas of what was used lately, and at those that are used up.

        Returns how many subscriptions became exhausted or stopped being so.
        """
        return await quotas.settle(self._db, lately=quotas.LATELY)

    async def settle_all_quotas(self) -> int:
        """The same for every quota, for calls that were reported late."""
        return await quotas.settle(self._db, lately=None)

    def changes(
        self,
        actor: Actor,
        during: TimeRange | None = None,
        wanted: UsageFilter = EVERYTHING,
        scope: Scope = Scope.OWN,
        *,
        interval: float = 0.1,
    ) -> AsyncGenerator[Tick, None]:
        """A tick at once, then one after each change of what the range and filter may show, one each `interval` s at most, on average.

        What is read after a tick is at least as new as it. Without a range it is the current UTC day, so that it moves on
        at midnight: take it from the tick. Raises NotPermitted at the first step.
        """
        return live.changes(self._db, self._bus, self._states, actor, during, wanted, scope, interval)

    def uses(self, actor: Actor, api_key_id: UUID, after: int | None = None) -> AsyncGenerator[Row[Any], None]:
        """Each event of the key from now on, once, in the order of commits: rows with the columns of UsageEvent.

        With `after`, a `seq`, those that came after that event first: whoever passes the last one that he has misses none
        and gets none twice, in whatever replica. Raises InvalidInput for `after` when it is negative, and TooFarBehind
        when those are more than 10,000.

        Ends when the key is revoked or the actor may not see it any more. Raises NotFound at the first step when there is
        no such key for this actor. A change of the key is noticed with its next event, or at once if it is published as
        topic `api_key:<id>`.
        """
        return live.uses(self._db, self._bus, actor, api_key_id, after)
