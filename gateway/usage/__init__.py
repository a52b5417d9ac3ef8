"""The usage ledger: which call was made with whose key, to which model, and what LiteLLM booked for it.

What it promises. An event counts once, however often, in whatever order and split LiteLLM sends it, and by whichever of its
two accounts, callback or spend log. All sums are those of the events, since they are written in one transaction, and so is
the message that wakes live pages; only the histograms of latency follow seconds later. Totals are exact for any range, to the
microsecond, as long as single calls are kept; afterwards to the hour, for good. Days are those of the caller's time zone.
Spend has the digits that LiteLLM booked, without the noise of its floats, and a call whose price is not known is marked.
What is acknowledged survives a kill at any moment. Prompts and answers are in no column. People see their own calls;
auditors and admins see all. What callbacks lost is booked from LiteLLM's own spend log, and for any range of time it is known
how far it was compared with that log: see `gateway.usage.reconcile`.

One event is one attempt as LiteLLM tells of it: a call that fell back from a model that failed to another one is a failure
and a success with the same call id.

Topics on the bus: `usage`, `usage:user:<id>`, `usage:key:<id>`.
"""

from gateway.usage.answers import (
    Ask,
    Cell,
    Dimension,
    Heatmap,
    Percentiles,
    Point,
    Series,
    Slice,
    Slices,
    Speed,
    Speeds,
    Sums,
    Totals,
    View,
)
from gateway.usage.budgets import Budget
from gateway.usage.callback import Callback, ModelMap, decode, is_priced
from gateway.usage.calls import CallsWanted, SecretUse
from gateway.usage.live import Tick, TooFarBehind
from gateway.usage.narrowing import ALL_CALLS, CallFilter, HourOfWeek
from gateway.usage.partitions import Partition
from gateway.usage.policy import CallRecord, Interval, Scope, TimeRange, UsageFilter, current_day
from gateway.usage.reconcile.coverage import Compared
from gateway.usage.reconcile.service import LedgerService
from gateway.usage.reconcile.status import Gap, GapReason, HistoryImport, Ledger
from gateway.usage.reconcile.tables import LedgerMismatch, LedgerRepair, LedgerSlice, LedgerState
from gateway.usage.service import IngestResult, LedgerUnavailable, UsageService
from gateway.usage.tables import UsageEvent, UsageHourly

__all__ = [
    "ALL_CALLS",
    "Ask",
    "Budget",
    "CallFilter",
    "CallRecord",
    "Callback",
    "CallsWanted",
    "Cell",
    "Compared",
    "Dimension",
    "Gap",
    "GapReason",
    "Heatmap",
    "HistoryImport",
    "HourOfWeek",
    "IngestResult",
    "Interval",
    "Ledger",
    "LedgerMismatch",
    "LedgerRepair",
    "LedgerService",
    "LedgerSlice",
    "LedgerState",
    "LedgerUnavailable",
    "ModelMap",
    "Partition",
    "Percentiles",
    "Point",
    "Scope",
    "SecretUse",
    "Series",
    "Slice",
    "Slices",
    "Speed",
    "Speeds",
    "Sums",
    "Tick",
    "TimeRange",
    "TooFarBehind",
    "Totals",
    "UsageEvent",
    "UsageFilter",
    "UsageHourly",
    "UsageService",
    "View",
    "current_day",
    "decode",
    "is_priced",
]
