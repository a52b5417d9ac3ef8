"""Tell every replica that something changed; whoever cares reads it again.

A message names topics (`usage:key:<id>`) and carries no data, so size, order and rights are no concern of the bus, and
messages missed while the connection was down cost one read. `publish` sends inside the caller's transaction: nothing is
heard of what was rolled back. `Bus` listens, once for each process, and wakes its subscribers.

PostgreSQL's LISTEN/NOTIFY carries the messages, so the bus reaches as far as the database does.
"""

from gateway.events.bus import Bus, Wakes, publish

__all__ = ["Bus", "Wakes", "publish"]
