"""Single calls of one key, and the use of each of its secrets. Metadata only: there is nothing else in the ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, select, text, true

from gateway import keys
from gateway.actor import Actor
from gateway.catalog import ModelPrice
from gateway.db import Database, UtcDateTime, table_of, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.keys import ApiKeyGeneration, ApiKeyStatus, KeyFilter, KeyOrder
from gateway.paging import Order, Page, fetch_page, fetch_pages
from gateway.usage import queries
from gateway.usage.answers import View
from gateway.usage.ingest import DROPPED_BEFORE
from gateway.usage.narrowing import ALL_CALLS, CallFilter
from gateway.usage.policy import EARLIEST
from gateway.usage.queries import event

_generation = table_of(ApiKeyGeneration)
_NEWEST_FIRST = Order("calls", ((event.c.occurred_at, datetime), (event.c.seq, int)), descending=True)
_api_key = table_of(keys.ApiKey)
_price = table_of(ModelPrice)
_LONGEST_DAYS = 3650
_LAST_DAY = timedelta(days=1)
_WORKING = (ApiKeyStatus.ACTIVE, ApiKeyStatus.ROTATING, ApiKeyStatus.BLOCKED)

# When the key of the enclosing query was last used: what the newest hour says, since later calls are in later hours.
_last_use = (
    select(queries.hourly.c.last_at)
    .where(queries.hourly.c.api_key_id == _api_key.c.id)
    .order_by(queries.hourly.c.hour.desc(), queries.hourly.c.last_at.desc())
    .limit(1)
    .correlate(_api_key)
    .scalar_subquery()
)
_NEVER = datetime.fromisoformat("0001-01-01T00:00:00Z")
_USED_LAST = Order(
    "keys:used",
    ((func.coalesce(_last_use, _NEVER, type_=UtcDateTime()), datetime), (_api_key.c.id, UUID)),
    descending=True,
)

_USE = text("""
SELECT t.token_hash, last.at AS last_used_at, recent.requests AS requests_last_day
FROM unnest(CAST(:hashes AS text[])) AS t (token_hash)
CROSS JOIN LATERAL (
  SELECT max(occurred_at) AS at FROM usage_event e
  WHERE hashtextextended(e.token_hash, 0) = hashtextextended(t.token_hash, 0) AND e.token_hash = t.token_hash
) last
CROSS JOIN LATERAL (
  SELECT count(*) AS requests FROM usage_event e
  WHERE hashtextextended(e.token_hash, 0) = hashtextextended(t.token_hash, 0) AND e.token_hash = t.token_hash
    AND e.occurred_at >= CAST(:since AS timestamptz)
) recent
""")


class CallsWanted(NamedTuple):
    """One page of the calls that began since then (ever, if None) with any secret of the key."""

    api_key_id: UUID
    first: int
    after: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class SecretUse:
    """`last_used_at` is when its last call began, refused ones included."""

    last_used_at: datetime | None = None
    requests_last_day: int = 0


def _unused(days: int) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a key was made and last used longer ago. Raises InvalidInput (`unusedDays`)."""
    if not 1 <= days <= _LONGEST_DAYS:
        raise InvalidInput("unusedDays", f"must be from 1 to {_LONGEST_DAYS}")
    since = utc_now() - timedelta(days=days)
    used = exists().where(queries.hourly.c.api_key_id == _api_key.c.id, queries.hourly.c.last_at >= since)
    return _api_key.c.created_at < since, ~used.correlate(_api_key)


class Calls:
    _db: Database

    async def calls_by_key(self, actor: Actor, wanted: Sequence[CallsWanted]) -> dict[CallsWanted, Page[Row[Any]]]:
        """The calls of each key, newest first. Empty for a key that the actor may not see. One SELECT for all that want the same page."""
        alike: dict[tuple[int, str | None, datetime | None], list[UUID]] = defaultdict(list)
        for each in wanted:
            alike[each.first, each.after, each.since].append(each.api_key_id)
        found: dict[CallsWanted, Page[Row[Any]]] = {}
        for (first, after, since), key_ids in alike.items():
            # By their secrets, for which there is an index with the time.
            same = queries.hashed(_generation.c.token_hash) == queries.hashed(event.c.token_hash)
            query = (
                select(event)
                .select_from(event)
                .join(_generation, and_(same, _generation.c.token_hash == event.c.token_hash))
                .where(queries.visible_to(actor, event))
            )
            if since is not None:
                query = query.where(event.c.occurred_at >= since)
            of, order = _generation.c.api_key_id, _NEWEST_FIRST
            pages = await fetch_pages(self._db, query, of, key_ids, order, first, after)
            found |= {CallsWanted(key_id, first, after, since): page for key_id, page in pages.items()}
        return found

    async def calls_of(
        self, actor: Actor, view: View, first: int, after: str | None = None, narrowed: CallFilter = ALL_CALLS
    ) -> Page[Row[Any]]:
        """The calls of a view that are kept, newest first, each with the price in force (`valid_from` None: none was known)."""
        during = view.during
        price = (
            select(_price.c.input_cost_per_million, _price.c.output_cost_per_million, _price.c.valid_from)
            .where(_price.c.model_name == event.c.model_name, _price.c.valid_from <= event.c.occurred_at)
            .order_by(_price.c.valid_from.desc())
            .limit(1)
            .lateral("price")
        )
        query = (
            select(event, *price.c)
            .outerjoin(price, true())
            .where(event.c.occurred_at >= during.start, event.c.occurred_at < during.end)
            .where(*queries.conditions(actor, view, event), *narrowed.conditions(during))
        )
        return await fetch_page(self._db, query, _NEWEST_FIRST, first, after)

    async def calls_kept_from(self) -> datetime | None:
        """Single calls that began earlier were dropped; None when none was."""
        kept_from: datetime = await self._db.value(DROPPED_BEFORE)
        return kept_from if kept_from > EARLIEST else None

    async def page_of_keys(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: KeyFilter = keys.EVERY_KEY,
        order: KeyOrder | None = None,
        *,
        unused_days: int | None = None,
        own: bool = True,
    ) -> Page[Row[Any]]:
        """As `KeyService.page`, for which the ledger is asked too: LAST_USED, and `unused_days`.

        With `unused_days` only keys that work (whatever `wanted.status` says) and were made and last used longer ago than so many days.
        Raises NotPermitted for a plain user who asks for everybody's, and InvalidInput (`unusedDays`).
        """
        if not (own or actor.reads_all):
            raise NotPermitted
        if unused_days is not None:
            wanted = replace(wanted, status=_WORKING)
        query = keys.listed(actor, wanted, own=own)
        if unused_days is not None:
            query = query.where(*_unused(unused_days))
        by = _USED_LAST if order is KeyOrder.LAST_USED else keys.order_of(order)
        return await fetch_page(self._db, query, by, first, after)

    async def use_by_secret(self, token_hashes: Sequence[str]) -> dict[str, SecretUse]:
        """For secrets of keys that the caller was shown."""
        values = {"hashes": list(token_hashes), "since": utc_now() - _LAST_DAY}
        rows = await self._db.rows(_USE, values)
        return {row.token_hash: SecretUse(row.last_used_at, row.requests_last_day) for row in rows}
