"""Reconciles and dies on the way: `python -m tests.domains.usage.dying DATABASE_URL LITELLM_URL`.

Step by step: the first child kills itself (SIGKILL) at the first point, the second at the second, … until one gets to the end. What
one child has done the next one finds. Prints one line for each child.
"""

import asyncio
import os
import sys

from sqlalchemy import event

from gateway.db import Database
from gateway.events import Bus
from gateway.litellm import LiteLLM
from gateway.usage import LedgerService, UsageService
from tests.domains.keys.crashing import Fuse, FusedTransport
from tests.proxies import MASTER_KEY


async def reconcile(at: int, database_url: str, litellm_url: str) -> None:
    fuse = Fuse(at)
    db = Database(database_url)
    litellm = LiteLLM(litellm_url, MASTER_KEY, transport=FusedTransport(fuse))
    engine = db.engine.sync_engine
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, fuse.burn)
    event.listen(engine.pool, "checkin", fuse.burn)
    ledger = LedgerService(db, litellm, UsageService(db, Bus(database_url)), settle_seconds=10, history_days=0)
    print(f"{at} booked {await ledger.reconcile(seconds=60)}", flush=True)


def main() -> None:
    for at in range(1, 500):
        pid = os.fork()
        if pid == 0:
            asyncio.run(reconcile(at, *sys.argv[1:]))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            break
        print(f"{at} killed", flush=True)


if __name__ == "__main__":
    main()
