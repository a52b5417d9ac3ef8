"""One stretch of time: LiteLLM's rows beside ours, what is missing booked, what differs noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import structlog
from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import Database, table_of
from gateway.litellm import SpendRow, exact_money
from gateway.usage.policy import CallRecord
from gateway.usage.queries import event
from gateway.usage.reconcile import spend_log
from gateway.usage.reconcile.coverage import Comparison
from gateway.usage.reconcile.tables import LedgerMismatch

log = structlog.get_logger(__name__)

_mismatch = table_of(LedgerMismatch)

# Callback and spend log may differ by so much in when a call began.
MARGIN = timedelta(seconds=2)
EXAMPLES_OF_A_CHECK = 20
EXAMPLES_KEPT = 1_000


class Ingest(Protocol):
    """What a check books with, and what it learns: the ledger's own way in."""

    async def ingest(self, batch: Sequence[CallRecord]) -> Any: ...


@dataclass(frozen=True)
class Result:
    """`missing` is what LiteLLM booked for the calls that were not booked here, in US dollars."""

    numbers: Comparison
    missing: Decimal
    differing: Sequence[dict[str, Any]]


async def compare(
    db: Database, ledger: Ingest, rows: Sequence[SpendRow], start: datetime, until: datetime, *, late: bool
) -> Result:
    """Book those of LiteLLM's rows that are not booked; returns after that. `late`: LiteLLM writes no more rows for the stretch.

    Raises LedgerUnavailable.
    """
    records = [spend_log.record_of(row) for row in rows if not spend_log.is_health_check(row)]
    async with db.read() as session:
        booked = (await session.execute(_booked(start - MARGIN, until + MARGIN))).all()
    by_call = {(row.call_id, row.success): row for row in booked}
    by_request = {(row.request_id, row.success): row for row in booked}
    pairs: list[tuple[CallRecord, Row[Any]]] = []
    missing: list[CallRecord] = []
    for record in records:
        known = by_call.get((record.call_id, record.success))
        if known is None and record.call_id == record.request_id:
            # A LiteLLM that does not write its call id into the log: the call's other name has to do.
            known = by_request.get((record.request_id, record.success))
        if known is None:
            missing.append(record)
        else:
            pairs.append((record, known))
    result = await ledger.ingest(missing) if missing else None
    differing = [difference for record, known in pairs if (difference := _difference(record, known))]
    if result is not None and result.rejected:
        log.error("ledger.not_bookable", calls=result.rejected, start=start.isoformat(), until=until.isoformat())
    theirs = {(known.call_id, known.success) for _, known in pairs}
    only_here = [
        row for key, row in by_call.items() if key not in theirs and start + MARGIN <= row.occurred_at < until - MARGIN
    ]
    numbers = Comparison(
        calls=len(records),
        found=len(records) - len(missing),
        filled=result.stored if result else 0,
        mismatches=len(differing) + (result.rejected if result else 0),
        only_here=len(only_here) if late else 0,
        spend=sum((record.spend for record in records), Decimal(0)),
    )
    return Result(numbers, sum((record.spend for record in missing), Decimal(0)), differing)


def _booked(start: datetime, until: datetime) -> Any:
    columns = ("call_id", "success", "request_id", "occurred_at", "spend", "prompt_tokens", "completion_tokens")
    return select(*(event.c[name] for name in (*columns, "total_tokens"))).where(
        event.c.occurred_at >= start, event.c.occurred_at < until
    )


def _difference(record: CallRecord, known: Row[Any]) -> dict[str, Any] | None:
    problems = ["spend"] if exact_money(known.spend) != record.spend else []
    problems += [
        name
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
        if record.success and getattr(known, name) != getattr(record, name)
    ]
    if not problems:
        return None
    return {
        "call_id": record.call_id,
        "success": record.success,
        "occurred_at": record.occurred_at,
        "model_name": record.model_name,
        "problems": problems,
        "spend": known.spend,
        "total_tokens": known.total_tokens,
        "their_spend": record.spend,
        "their_total_tokens": record.total_tokens,
    }


async def note(
    session: AsyncSession, start: datetime, until: datetime, differing: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Keep examples of what differs in the stretch, in place of those that were kept of it."""
    await session.execute(delete(_mismatch).where(_mismatch.c.occurred_at >= start, _mismatch.c.occurred_at < until))
    if not differing:
        return
    examples = [{**each, "found_at": now} for each in differing[:EXAMPLES_OF_A_CHECK]]
    keys = [(each["call_id"], each["success"]) for each in examples]
    for call_id, success in keys:
        await session.execute(delete(_mismatch).where(_mismatch.c.call_id == call_id, _mismatch.c.success == success))
    await session.execute(insert(_mismatch), examples)
    await session.execute(
        text(
            "DELETE FROM ledger_mismatch WHERE (call_id, success) IN"
            " (SELECT call_id, success FROM ledger_mismatch ORDER BY found_at DESC OFFSET :kept)"
        ),
        {"kept": EXAMPLES_KEPT},
    )
