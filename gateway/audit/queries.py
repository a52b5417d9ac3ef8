"""SELECTs on the record. Who may see any of it sees all: `AuditService` asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from gateway.audit.chain import entry
from gateway.audit.tables import Outcome
from gateway.db import one_of
from gateway.errors import InvalidInput
from gateway.paging import Order

MAX_TEXT = 200
NEWEST_FIRST = Order("audit", ((entry.c.at, datetime), (entry.c.id, UUID)), descending=True)


@dataclass(frozen=True)
class AuditFilter:
    """All that is given must hold. `actor` is a whole name, `action` a whole one or a family ("key."), `target` a kind ("api_key")
    or a kind with an id; `search` is part of any of the three. `since` counts, `until` does not. Raises InvalidInput.
    """

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    search: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("actor", "action", "target", "search"):
            value: str | None = getattr(self, name)
            if value is not None and (len(value) > MAX_TEXT or "\x00" in value):
                raise InvalidInput(f"filter.{name}", f"may have at most {MAX_TEXT} characters, and no NUL among them")
        for name in ("since", "until"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise InvalidInput(f"filter.{name}", "needs a time zone")


EVERYTHING = AuditFilter()


def listed(wanted: AuditFilter) -> Select[Any]:
    query = select(entry)
    if wanted.actor:
        query = query.where(entry.c.actor == wanted.actor)
    if wanted.action:
        family = wanted.action.endswith(".")
        query = query.where(
            entry.c.action.startswith(wanted.action, autoescape=True) if family else entry.c.action == wanted.action
        )
    if wanted.target:
        whole = ":" in wanted.target
        query = query.where(
            entry.c.target == wanted.target
            if whole
            else entry.c.target.startswith(f"{wanted.target}:", autoescape=True)
        )
    for word in (wanted.search or "").split():
        found = (column.icontains(word, autoescape=True) for column in (entry.c.actor, entry.c.action, entry.c.target))
        query = query.where(or_(*found))
    if wanted.outcome is not None:
        query = query.where(entry.c.outcome == wanted.outcome)
    if wanted.since is not None:
        query = query.where(entry.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(entry.c.at < wanted.until)
    return query


def by_ids(ids: Sequence[UUID]) -> Select[Any]:
    return select(entry).where(one_of(entry.c.id, ids))
