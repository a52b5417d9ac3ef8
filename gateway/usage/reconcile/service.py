"""The reconciler: what to check next, and what to do when it can't be checked."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.litellm import LiteLLM, LiteLLMError, LiteLLMUnavailable, SpendRow
from gateway.usage.policy import TimeRange
from gateway.usage.reconcile import checks, coverage, spend_log
from gateway.usage.reconcile.coverage import Comparison
from gateway.usage.reconcile.status import Status
from gateway.usage.service import UsageService

log = structlog.get_logger(__name__)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
# A stretch that ends later than this ago comes before all else; older ones are history or an outage.
PRESENT = timedelta(minutes=15)
# LiteLLM writes a call into its log when it is over, at the time when it began.
LATE = timedelta(hours=1)
LEAST = timedelta(seconds=5)
FIRST_LENGTH = timedelta(minutes=5)
HOLD = timedelta(minutes=10)
BACK_OFF, LONGEST_BACK_OFF = timedelta(seconds=2), timedelta(minutes=5)
THE_LEDGER = UUID(int=0)  # what the audit's entries are about: there is only one


@dataclass(frozen=True)
class Stretch:
    """What to check next. `kind` is `present`, `late`, `held` or `older`: each has a length of its own that suits it."""

    start: datetime
    until: datetime
    kind: str

    @property
    def noted(self) -> bool:
        """There is a row for it already, which has to be replaced as a whole."""
        return self.kind in ("late", "held")


class LedgerService(Status):
    """`settle_seconds`: how long after a moment LiteLLM has surely written the calls that began then and were short.

    `history_days`: how far back from the first start LiteLLM's log is read.
    """

    def __init__(
        self, db: Database, litellm: LiteLLM, usage: UsageService, *, settle_seconds: int = 60, history_days: int = 400
    ) -> None:
        self._db, self._litellm, self._usage = db, litellm, usage
        self._settle_seconds, self._history_days = settle_seconds, history_days
        self._lengths: dict[str, timedelta] = defaultdict(lambda: FIRST_LENGTH)

    async def reconcile(self, seconds: float = 3.0) -> int:
        """What the job does every few seconds: check what is due, the newest first, for about so long. Returns how many calls it booked.

        A LiteLLM that fails is left alone for a while. Killed anywhere, it goes on from there: a stretch is noted as checked
        after its calls are booked, and what is booked already is not booked again. Raises LedgerUnavailable.
        """
        deadline = time.monotonic() + seconds
        filled = 0
        while True:
            now = utc_now()
            state = await self._state(now)
            if state.due_at is not None and state.due_at > now:
                return filled
            stretch = await self._next(state, now)
            if stretch is None:
                return filled
            try:
                filled += await self._check(stretch, state, now)
            except LiteLLMError as error:
                if not await self._go_on_after(stretch, state, error):
                    return filled
            if time.monotonic() >= deadline:
                return filled

    async def recheck(self, actor: Actor, during: TimeRange) -> tuple[datetime, datetime]:
        """Compare the range with LiteLLM's log again, soon. What is open for that: whole days, where days are kept as one.

        Admins only. Raises InvalidInput (`range.start`) for a range with nothing that could be compared yet or still.
        """
        if not actor.is_admin:
            raise NotPermitted
        async with self._db.write() as session:
            state = await self._locked(session, utc_now())
            start, until = max(during.start, state.horizon), min(during.end, self._settled(utc_now()))
            if start >= until:
                raise InvalidInput("range.start", "and range.end hold nothing that can be compared")
            start, until = await coverage.forget(session, start, until)
            await session.execute(text("UPDATE ledger_state SET due_at = NULL"))
            detail = {"start": start.isoformat(), "until": until.isoformat()}
            audit.record(session, actor, "ledger.rechecked", "ledger", THE_LEDGER, **detail)
        return start, until

    def _settled(self, now: datetime) -> datetime:
        return now.replace(microsecond=0) - self._settle_seconds * SECOND

    async def _state(self, now: datetime) -> Row[Any]:
        async with self._db.read() as session:
            row = (await session.execute(text("SELECT * FROM ledger_state"))).one_or_none()
        settings = {"settle_seconds": self._settle_seconds, "history_days": self._history_days}
        if row is not None and all(getattr(row, name) == value for name, value in settings.items()):
            return row
        async with self._db.write() as session:
            return await self._locked(session, now)

    async def _locked(self, session: AsyncSession, now: datetime) -> Row[Any]:
        """The state, locked, with the present settings; made at the first start."""
        values = {"began_at": self._settled(now), "settle": self._settle_seconds, "days": self._history_days}
        return (await session.execute(_STATE, values)).one()

    async def _next(self, state: Row[Any], now: datetime) -> Stretch | None:
        """The present first, then what LiteLLM may have written late, then what failed, then what is older, newest first."""
        settled = self._settled(now)
        async with self._db.read() as session:
            found = await coverage.gaps(session, state.horizon, settled, 2, tried=True)
            # What has just passed can wait until it is worth a request.
            gaps = [gap for gap in found if gap.until < settled or gap.until - gap.start >= LEAST]
            if gaps and gaps[0].until > settled - PRESENT:
                return self._end_of(gaps[0], state, "present")
            late = (await session.execute(_LATE, {"before": now - LATE})).one_or_none()
            if late is not None:
                return Stretch(late.start, late.until, "late")
            held = (await session.execute(_HELD, {"now": now})).one_or_none()
        if held is not None:
            return Stretch(held.start, held.until, "held")
        return self._end_of(gaps[0], state, "older") if gaps else None

    def _end_of(self, gap: Row[Any], state: Row[Any], kind: str) -> Stretch:
        """The gap's last part, as long as one answer of LiteLLM probably holds, within one UTC day, history or not."""
        until: datetime = gap.until
        midnight = (until - SECOND).astimezone(UTC).replace(hour=0, minute=0, second=0)
        starts = [
            gap.start,
            until - self._lengths[kind],
            midnight,
            *([state.began_at] if state.began_at < until else []),
        ]
        return Stretch(max(starts), until, kind)

    async def _check(self, stretch: Stretch, state: Row[Any], now: datetime) -> int:
        """Check the stretch, or as much of its end as one answer holds; one that is noted already, all of it."""
        late = stretch.until <= now - LATE
        begin = start = stretch.until
        found = Comparison()
        missing, differing = Decimal(0), list[dict[str, Any]]()
        while start > stretch.start and (stretch.noted or start == stretch.until):
            begin = max(stretch.start, start - self._lengths[stretch.kind])
            begin, rows = await self._read(begin, start, stretch.kind)
            result = await checks.compare(self._db, self._usage, rows, begin, start, late=late)
            found, start = found + result.numbers, begin
            missing += result.missing
            differing += result.differing
        await self._note(start, stretch.until, 2 if late else 1, found, missing, differing, state)
        return found.filled

    async def _read(self, start: datetime, until: datetime, kind: str) -> tuple[datetime, list[SpendRow]]:
        """The rows of [start, until), or of a shorter stretch with the same end; adapts the length of the next ones."""
        while True:
            length = until - start
            try:
                rows = await spend_log.read(self._litellm, start, until)
            except spend_log.TooMany as error:
                # A little less than what would fit if calls came evenly, and always a half at most.
                share = min(0.5, 0.8 * spend_log.PAGE / error.rows)
                start = until - max(SECOND, int(length.total_seconds() * share) * SECOND)
                self._lengths[kind] = until - start
                continue
            if len(rows) < spend_log.PAGE / 3:
                self._lengths[kind] = min(DAY, max(self._lengths[kind], 2 * length))
            return start, rows

    async def _note(
        self,
        start: datetime,
        until: datetime,
        passes: int,
        found: Comparison,
        missing: Decimal,
        differing: list[dict[str, Any]],
        state: Row[Any],
    ) -> None:
        now = utc_now()
        try:
            async with self._db.write() as session:
                await coverage.record(session, start, until, passes, found, now)
                await checks.note(session, start, until, differing, now)
                if state.failures:
                    await session.execute(_WELL)
                if found.filled:
                    imported = found.filled if until <= state.began_at else 0
                    values = {"day": now.date(), "repaired": found.filled - imported, "imported": imported}
                    await session.execute(_REPAIRED, values | {"spend": missing, "now": now})
        except IntegrityError:
            # Another replica took over while this one was slow, and checked the same: what it noted holds.
            log.warning("ledger.checked_by_another", start=start.isoformat(), until=until.isoformat())
        if found.filled:
            log.info("ledger.filled", calls=found.filled, start=start.isoformat(), until=until.isoformat())

    async def _go_on_after(self, stretch: Stretch, state: Row[Any], error: LiteLLMError) -> bool:
        """Whether it is this stretch alone that LiteLLM can't answer: then a shorter one is tried, or it is put aside."""
        now = utc_now()
        try:
            await self._litellm.spend_logs(now + DAY, now + DAY, page_size=1)
        except LiteLLMError:
            wait = min(LONGEST_BACK_OFF, BACK_OFF * 2 ** min(state.failures, 10))
            async with self._db.write() as session:
                await session.execute(_FAILED, {"now": now, "due_at": now + wait, "error": _words(error)})
            log.warning("ledger.litellm_fails", error=_words(error), again_in=wait.total_seconds())
            return False
        length = min(self._lengths[stretch.kind], stretch.until - stretch.start)
        if length > SECOND:
            self._lengths[stretch.kind] = max(SECOND, int(length.total_seconds() / 4) * SECOND)
            return True
        self._lengths[stretch.kind] = FIRST_LENGTH
        log.error("ledger.held", start=stretch.start.isoformat(), until=stretch.until.isoformat(), error=_words(error))
        async with self._db.write() as session:
            await coverage.hold(session, stretch.start, stretch.until, _words(error), now, now + HOLD)
        return True


def _words(error: LiteLLMError) -> str:
    return (
        f"LiteLLM does not answer as expected: {error.reason}."
        if isinstance(error, LiteLLMUnavailable)
        else error.message
    )


_STATE = text("""
INSERT INTO ledger_state AS s (id, began_at, horizon, settle_seconds, history_days, failures)
VALUES (1, :began_at, CAST(:began_at AS timestamptz) - make_interval(days => :days), :settle, :days, 0)
ON CONFLICT (id) DO UPDATE SET settle_seconds = excluded.settle_seconds, history_days = excluded.history_days,
  horizon = s.began_at - make_interval(days => excluded.history_days)
RETURNING *
""")
_LATE = text("SELECT start, until FROM ledger_slice WHERE passes = 1 AND until <= :before ORDER BY start LIMIT 1")
_HELD = text("SELECT start, until FROM ledger_slice WHERE passes = 0 AND due_at <= :now ORDER BY due_at LIMIT 1")
_WELL = text("UPDATE ledger_state SET failures = 0, failing_since = NULL, last_error = NULL, due_at = NULL")
_FAILED = text("""
UPDATE ledger_state SET failures = failures + 1, failing_since = coalesce(failing_since, CAST(:now AS timestamptz)),
  last_error = :error, due_at = :due_at
""")
_REPAIRED = text("""
INSERT INTO ledger_repair AS r (day, repaired, imported, spend, last_at) VALUES (:day, :repaired, :imported, :spend, :now)
ON CONFLICT (day) DO UPDATE SET repaired = r.repaired + excluded.repaired, imported = r.imported + excluded.imported,
  spend = r.spend + excluded.spend, last_at = excluded.last_at
""")
