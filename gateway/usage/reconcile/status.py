"""What admins see of the comparison, and what is measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from prometheus_client import Gauge
from sqlalchemy import Row, select, text

from gateway.actor import Actor
from gateway.db import Database, table_of, utc_now
from gateway.errors import NotPermitted
from gateway.usage.queries import event
from gateway.usage.reconcile import coverage
from gateway.usage.reconcile.tables import LedgerMismatch, LedgerRepair

_mismatch, _repair = table_of(LedgerMismatch), table_of(LedgerRepair)

SHOWN = 20
REPAIR_DAYS = 30

_lag = Gauge("litemaas_ledger_lag_seconds", "Age of the newest moment that was compared with LiteLLM's spend log.")
_gap = Gauge("litemaas_ledger_gap_seconds", "Time that should have been compared with LiteLLM's spend log and is not.")
_repaired = Gauge("litemaas_ledger_repaired_calls", "Calls whose callback was lost and that were booked from the log.")
_imported = Gauge("litemaas_ledger_imported_calls", "Calls older than the first start that were booked from the log.")
_mismatches = Gauge("litemaas_ledger_mismatches", "Calls that are booked with other numbers than LiteLLM's log has.")


class GapReason(StrEnum):
    """WAITING: it is its turn soon. HISTORY: older than the first start, being imported. UNANSWERED: LiteLLM fails."""

    WAITING = "WAITING"
    HISTORY = "HISTORY"
    UNANSWERED = "UNANSWERED"


@dataclass(frozen=True)
class Gap:
    """From `start` up to and without `end`. `error` is what LiteLLM last said, for UNANSWERED."""

    start: datetime
    end: datetime
    reason: GapReason
    error: str | None


@dataclass(frozen=True)
class HistoryImport:
    """Of LiteLLM's log from `start` to `end`, the first start; `done` is the share of that time which is checked, 0 to 1.

    `calls` is what the log had so far. `ends_at` is an estimate, None when nothing can be said or it is done.
    """

    start: datetime
    end: datetime
    done: float
    calls: int
    imported: int
    calls_per_second: float | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Ledger:
    """All as of `now`. `checked_until` is None before the first check; `repairs` are rows of LedgerRepair, newest first."""

    now: datetime
    settle_seconds: int
    checked_until: datetime | None
    lag: timedelta | None
    newest_event_at: datetime | None
    gaps: Sequence[Gap]
    gap_seconds: float
    repaired: int
    imported: int
    repairs: Sequence[Row[Any]]
    mismatches: int
    only_here: int
    examples: Sequence[Row[Any]]
    history: HistoryImport | None
    last_error: str | None
    failing_since: datetime | None
    next_try_at: datetime | None


_SUMS = text("""
SELECT coalesce(sum(mismatches), 0) AS mismatches, coalesce(sum(only_here), 0) AS only_here,
  max(until) FILTER (WHERE passes > 0) AS checked_until,
  coalesce(sum(calls) FILTER (WHERE start < CAST(:began AS timestamptz)), 0) AS history_calls,
  coalesce(extract(epoch FROM sum(least(until, CAST(:began AS timestamptz)) - greatest(start, CAST(:horizon AS timestamptz)))
    FILTER (WHERE passes > 0 AND start < CAST(:began AS timestamptz) AND until > CAST(:horizon AS timestamptz))), 0) AS history_seconds
FROM ledger_slice
""")
_REPAIRS = text(
    "SELECT coalesce(sum(repaired), 0) AS repaired, coalesce(sum(imported), 0) AS imported FROM ledger_repair"
)
_NOT_STARTED: dict[str, Any] = {
    "checked_until": None,
    "lag": None,
    "gaps": (),
    "gap_seconds": 0.0,
    "repaired": 0,
    "imported": 0,
    "repairs": (),
    "mismatches": 0,
    "only_here": 0,
    "examples": (),
    "history": None,
    "last_error": None,
    "failing_since": None,
    "next_try_at": None,
}


class Status:
    _db: Database
    _settle_seconds: int

    async def status(self, actor: Actor) -> Ledger:
        """Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        return await self._status()

    async def observe(self) -> None:
        """What the job does: tell the metrics."""
        found = await self._status()
        _lag.set(found.lag.total_seconds() if found.lag is not None else -1)
        _gap.set(found.gap_seconds)
        _repaired.set(found.repaired)
        _imported.set(found.imported)
        _mismatches.set(found.mismatches)

    async def _status(self) -> Ledger:
        now = utc_now()
        async with self._db.read() as session:
            state = (await session.execute(text("SELECT * FROM ledger_state"))).one_or_none()
            newest = select(event.c.occurred_at).where(event.c.occurred_at <= now)
            newest_event = await session.scalar(newest.order_by(event.c.occurred_at.desc()).limit(1))
            if state is None:
                return Ledger(now, self._settle_seconds, newest_event_at=newest_event, **_NOT_STARTED)
            values = {"began": state.began_at, "horizon": state.horizon}
            sums = (await session.execute(_SUMS, values)).one()
            due = now - timedelta(seconds=state.settle_seconds) - coverage.SLACK
            gaps = await coverage.gaps(session, state.horizon, due, SHOWN)
            held = (
                await session.execute(text("SELECT start, until, problem FROM ledger_slice WHERE passes = 0"))
            ).all()
            repaired = (await session.execute(_REPAIRS)).one()
            repairs = (await session.execute(select(_repair).order_by(_repair.c.day.desc()).limit(REPAIR_DAYS))).all()
            examples = (
                await session.execute(select(_mismatch).order_by(_mismatch.c.found_at.desc()).limit(SHOWN))
            ).all()
        return Ledger(
            now=now,
            settle_seconds=state.settle_seconds,
            checked_until=sums.checked_until,
            lag=now - sums.checked_until if sums.checked_until else None,
            newest_event_at=newest_event,
            gaps=[_gap_of(row, state, held) for row in gaps],
            gap_seconds=gaps[0].total.total_seconds() if gaps else 0.0,
            repaired=int(repaired.repaired),
            imported=int(repaired.imported),
            repairs=repairs,
            mismatches=int(sums.mismatches),
            only_here=int(sums.only_here),
            examples=examples,
            history=_history(state, sums, int(repaired.imported), now) if state.horizon < state.began_at else None,
            last_error=state.last_error,
            failing_since=state.failing_since,
            next_try_at=state.due_at,
        )


def _gap_of(row: Row[Any], state: Row[Any], held: Sequence[Row[Any]]) -> Gap:
    """Of the part of a gap that is history and the rest, the newer one gives the reason."""
    problem = next((each.problem for each in held if each.start < row.until and each.until > row.start), None)
    error = state.last_error or problem
    if error is not None:
        return Gap(row.start, row.until, GapReason.UNANSWERED, error)
    reason = GapReason.HISTORY if row.until <= state.began_at else GapReason.WAITING
    return Gap(row.start, row.until, reason, None)


def _history(state: Row[Any], sums: Row[Any], imported: int, now: datetime) -> HistoryImport:
    whole = (state.began_at - state.horizon).total_seconds()
    done = min(1.0, float(sums.history_seconds) / whole)
    taken = (now - state.began_at).total_seconds() - state.settle_seconds
    running = done < 1 and taken > 0
    return HistoryImport(
        start=state.horizon,
        end=state.began_at,
        done=done,
        calls=int(sums.history_calls),
        imported=imported,
        calls_per_second=int(sums.history_calls) / taken if running else None,
        ends_at=now + timedelta(seconds=taken * (1 - done) / done) if running and done > 0 else None,
    )
