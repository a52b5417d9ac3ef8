"""The usage ledger: which call was made with whose key, to which model, and what LiteLLM booked for it.

What it promises. An event counts once, however often and in whatever order LiteLLM sends it; the hourly sums are always
those of the events, since both are written in one transaction, and so is the message that wakes live pages. Totals are
exact for any range, to the microsecond. Spend has the digits that LiteLLM booked. Prompts and answers are in no column.
People see their own calls; auditors and admins see all. What callbacks lost is booked from LiteLLM's own spend log, and for
any range of time it is known how far it was compared with that log: see `gateway.usage.reconcile`.

One event is one attempt as LiteLLM tells of it: a call that fell back from a model that failed to another one is a failure
and a success with the same call id, as it is in LiteLLM's own spend logs.

Topics on the bus: `usage`, `usage:user:<id>`, `usage:key:<id>`.
"""

from gateway.usage.budgets import Budget
from gateway.usage.callback import Callback, decode
from gateway.usage.calls import CallsWanted, SecretUse
from gateway.usage.live import Tick, TooFarBehind
from gateway.usage.policy import CallRecord, Interval, Scope, TimeRange, Totals, UsageFilter, current_day
from gateway.usage.reconcile.coverage import Compared
from gateway.usage.reconcile.service import LedgerService
from gateway.usage.reconcile.status import Gap, GapReason, HistoryImport, Ledger
from gateway.usage.reconcile.tables import LedgerMismatch, LedgerRepair, LedgerSlice, LedgerState
from gateway.usage.service import IngestResult, LedgerUnavailable, Point, Slice, UsageService
from gateway.usage.tables import UsageEvent, UsageHourly

__all__ = [
    "Budget",
    "CallRecord",
    "Callback",
    "CallsWanted",
    "Compared",
    "Gap",
    "GapReason",
    "HistoryImport",
    "IngestResult",
    "Interval",
    "Ledger",
    "LedgerMismatch",
    "LedgerRepair",
    "LedgerService",
    "LedgerSlice",
    "LedgerState",
    "LedgerUnavailable",
    "Point",
    "Scope",
    "SecretUse",
    "Slice",
    "Tick",
    "TimeRange",
    "TooFarBehind",
    "Totals",
    "UsageEvent",
    "UsageFilter",
    "UsageHourly",
    "UsageService",
    "current_day",
    "decode",
]
