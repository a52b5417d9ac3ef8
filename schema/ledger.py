"""The admin's view of the ledger beside LiteLLM's spend log."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from gateway import errors, usage
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.scalars import BigInt
from schema.usage import TimeRange

GapReason = usage.GapReason
strawberry.enum(
    GapReason,
    name="LedgerGapReason",
    description="Why a time is not compared with LiteLLM's spend log. WAITING: it is its turn soon. HISTORY: it is from before LiteMaaS "
    "began to compare, and is being imported. UNANSWERED: LiteLLM does not answer, or refuses.",
)


@strawberry.type(description="A time whose calls should have been compared with LiteLLM's spend log and are not.")
class LedgerGap:
    start: datetime = strawberry.field(description="Its first moment.")
    end: datetime = strawberry.field(description="The first moment after it.")
    reason: GapReason = strawberry.field(description="Why.")
    error: str | None = strawberry.field(description="What LiteLLM said last, if it is at fault.")


@strawberry.type(
    description="What was booked from LiteLLM's spend log on one UTC day, because no callback had told of it."
)
class LedgerRepair:
    day: datetime = strawberry.field(description="When the day began on which it was booked.")
    repaired: BigInt = strawberry.field(description="Calls whose callback was lost.")
    imported: BigInt = strawberry.field(description="Calls from before LiteMaaS began to compare.")
    spend: Decimal = strawberry.field(description="US dollars of these calls, as LiteLLM booked them.")
    last_at: datetime = strawberry.field(description="When the last of them was booked.")

    @classmethod
    def of(cls, row: Any) -> "LedgerRepair":
        return cls(
            day=datetime.combine(row.day, time(), UTC),
            repaired=BigInt(row.repaired),
            imported=BigInt(row.imported),
            spend=row.spend,
            last_at=row.last_at,
        )


@strawberry.type(
    description="A call that is booked with other numbers than LiteLLM's spend log has. Nothing is changed: LiteLLM may correct it."
)
class LedgerMismatch:
    call_id: str = strawberry.field(description="LiteLLM's `litellm_call_id`.")
    at: datetime = strawberry.field(description="When the call began.")
    found_at: datetime = strawberry.field(description="When the difference was found.")
    model: str = strawberry.field(description="What the call named as `model`.")
    success: bool = strawberry.field(description="Whether it was answered.")
    problems: list[str] = strawberry.field(
        description="What differs: `spend`, `prompt_tokens`, `completion_tokens`, `total_tokens`."
    )
    spend: Decimal | None = strawberry.field(description="US dollars, as they are booked here.")
    ledger_tokens: BigInt | None = strawberry.field(description="Tokens in all, as they are booked here.")
    lite_llm_spend: Decimal | None = strawberry.field(name="liteLLMSpend", description="US dollars in LiteLLM's log.")
    lite_llm_tokens: BigInt | None = strawberry.field(
        name="liteLLMTokens", description="Tokens in all in LiteLLM's log."
    )

    @classmethod
    def of(cls, row: Any) -> "LedgerMismatch":
        return cls(
            call_id=row.call_id,
            at=row.occurred_at,
            found_at=row.found_at,
            model=row.model_name,
            success=row.success,
            problems=row.problems,
            spend=row.spend,
            ledger_tokens=_count(row.total_tokens),
            lite_llm_spend=row.their_spend,
            lite_llm_tokens=_count(row.their_total_tokens),
        )


@strawberry.type(description="The import of what LiteLLM had in its spend log before LiteMaaS began to compare.")
class LedgerHistory:
    start: datetime = strawberry.field(description="How far back the log is read.")
    end: datetime = strawberry.field(description="When LiteMaaS began to compare. The newest is imported first.")
    done: float = strawberry.field(description="The part of that time which is compared, from 0 to 1.")
    calls: BigInt = strawberry.field(description="Calls that LiteLLM's log had in what is compared.")
    imported: BigInt = strawberry.field(description="Those of them that were booked by the import.")
    calls_per_second: float | None = strawberry.field(description="How fast it goes; null when it is done.")
    estimated_end: datetime | None = strawberry.field(
        description="When it will be done, if all goes on like this; null when that can't be said, or it is done."
    )

    @classmethod
    def of(cls, history: usage.HistoryImport) -> "LedgerHistory":
        return cls(
            start=history.start,
            end=history.end,
            done=history.done,
            calls=BigInt(history.calls),
            imported=BigInt(history.imported),
            calls_per_second=history.calls_per_second,
            estimated_end=history.ends_at,
        )


@strawberry.type(
    description="How the ledger stands beside LiteLLM's own spend log. LiteLLM may lose the callbacks that usage comes from; its log tells."
)
class Ledger:
    checked_until: datetime | None = strawberry.field(
        description="The newest moment that was compared; null before the first time."
    )
    lag_seconds: float | None = strawberry.field(
        description="How long ago that is. A minute or two is normal, since LiteLLM writes its log late."
    )
    settle_seconds: int = strawberry.field(
        description="How old a moment has to be to be compared: LITELLM_SETTLE_SECONDS."
    )
    newest_event_at: datetime | None = strawberry.field(description="When the newest call began that is booked.")
    gaps: list[LedgerGap] = strawberry.field(
        description="What should be compared by now and is not; the newest 20, newest first."
    )
    gap_seconds: float = strawberry.field(description="How long all gaps are together.")
    repaired: BigInt = strawberry.field(description="Calls that were booked because their callback was lost, ever.")
    repairs: list[LedgerRepair] = strawberry.field(
        description="The last 30 days on which anything was booked from the log, newest first."
    )
    mismatches: BigInt = strawberry.field(
        description="Calls that are booked with other numbers than the log has, or that can't be booked."
    )
    mismatch_examples: list[LedgerMismatch] = strawberry.field(description="Up to 20 of them, found last first.")
    missing_in_log: BigInt = strawberry.field(
        description="Calls that are booked and that LiteLLM's log does not have, such as those of a LiteLLM that was killed."
    )
    history: LedgerHistory | None = strawberry.field(description="The import of older calls; null if there is none.")
    last_error: str | None = strawberry.field(description="Why LiteLLM can't be asked at present; null when it can.")
    failing_since: datetime | None = strawberry.field(description="Since when; null when it can be asked.")
    next_try_at: datetime | None = strawberry.field(
        description="When it is asked again; null when it is not being spared."
    )

    @classmethod
    def of(cls, ledger: usage.Ledger) -> "Ledger":
        return cls(
            checked_until=ledger.checked_until,
            lag_seconds=ledger.lag.total_seconds() if ledger.lag is not None else None,
            settle_seconds=ledger.settle_seconds,
            newest_event_at=ledger.newest_event_at,
            gaps=[LedgerGap(start=gap.start, end=gap.end, reason=gap.reason, error=gap.error) for gap in ledger.gaps],
            gap_seconds=ledger.gap_seconds,
            repaired=BigInt(ledger.repaired),
            repairs=[LedgerRepair.of(row) for row in ledger.repairs],
            mismatches=BigInt(ledger.mismatches),
            mismatch_examples=[LedgerMismatch.of(row) for row in ledger.examples],
            missing_in_log=BigInt(ledger.only_here),
            history=LedgerHistory.of(ledger.history) if ledger.history else None,
            last_error=ledger.last_error,
            failing_since=ledger.failing_since,
            next_try_at=ledger.next_try_at,
        )


@strawberry.input(description="Compare a time with LiteLLM's spend log again.")
class RecheckUsageInput:
    range: TimeRange = strawberry.field(description="The time. What can't be compared, or not yet, is left out.")


@strawberry.type(
    description="The time is unchecked until it has been compared again: `Usage.complete` is false for it."
)
class RecheckUsageSuccess:
    start: datetime = strawberry.field(
        description="What is compared again begins here: older times are kept, and compared again, by whole days."
    )
    end: datetime = strawberry.field(description="The first moment after it.")
    ledger: Ledger = strawberry.field(description="How the ledger stands.")


RecheckUsageResult = Annotated[RecheckUsageSuccess | InvalidInput, result("RecheckUsageResult")]


@strawberry.type
class LedgerMutations:
    @strawberry.mutation(
        description="Compare a time with LiteLLM's spend log again, such as after a repair of LiteLLM's database. Admins only."
    )
    @declares(errors.InvalidInput)
    async def recheck_usage(
        self,
        info: Info,
        input: Annotated[RecheckUsageInput, strawberry.argument(description="Everything that the change needs.")],
    ) -> RecheckUsageResult:
        ledger, actor = info.context.services.ledger, info.context.actor
        start, end = await ledger.recheck(actor, input.range.to_domain())
        return RecheckUsageSuccess(start=start, end=end, ledger=Ledger.of(await ledger.status(actor)))


def _count(number: int | None) -> BigInt | None:
    return None if number is None else BigInt(number)
