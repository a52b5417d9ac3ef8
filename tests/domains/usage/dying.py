"""Reconciles and dies on the way: `python -m tests.domains.usage.dying DATABASE_URL LITELLM_URL`.

What one child has done the next one finds. Prints one line for each child (`tests.fuses`).
"""

import sys

from gateway.events import Bus
from gateway.usage import LedgerService, UsageService
from tests.fuses import die_step_by_step, fused


async def reconcile(at: int) -> None:
    database_url, litellm_url = sys.argv[1:]
    db, litellm = fused(at, database_url, litellm_url)
    ledger = LedgerService(db, litellm, UsageService(db, Bus(database_url)), settle_seconds=10, history_days=0)
    print(f"{at} booked {await ledger.reconcile(seconds=60)}", flush=True)


if __name__ == "__main__":
    die_step_by_step(reconcile, most=500)
