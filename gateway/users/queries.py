"""SELECTs on people. Each starts from `visible_to(actor)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, true

from gateway.actor import Actor, Role
from gateway.db import UtcDateTime, one_of, table_of
from gateway.errors import InvalidInput
from gateway.paging import Order
from gateway.users.tables import User

MAX_SEARCH = 200
NEVER = datetime.fromisoformat("1970-01-01T00:00:00Z")

user = table_of(User)


class UserOrder(StrEnum):
    USERNAME = "USERNAME"
    NEWEST = "NEWEST"
    LAST_SIGNED_IN = "LAST_SIGNED_IN"


@dataclass(frozen=True)
class UserFilter:
    """All that is given must hold. Each word of `search` must be found in a name or an address. Raises InvalidInput naming `search`."""

    search: str | None = None
    role: Sequence[Role] | None = None
    disabled: bool | None = None

    def __post_init__(self) -> None:
        if self.search and len(self.search) > MAX_SEARCH:
            raise InvalidInput("search", f"may have at most {MAX_SEARCH} characters")
        if self.search and "\x00" in self.search:
            raise InvalidInput("search", "may not contain NUL characters")


_ID = (user.c.id, UUID)
_LAST_SIGNED_IN = func.coalesce(user.c.last_login_at, NEVER, type_=UtcDateTime())
ORDERS = {
    UserOrder.USERNAME: Order("users:name", ((func.lower(user.c.username), str), _ID)),
    UserOrder.NEWEST: Order("users:newest", ((user.c.created_at, datetime), _ID), descending=True),
    UserOrder.LAST_SIGNED_IN: Order("users:signed-in", ((_LAST_SIGNED_IN, datetime), _ID), descending=True),
}


def visible_to(actor: Actor) -> Any:
    """The condition under which `actor` may see a person."""
    return true() if actor.reads_all else user.c.id == actor.user_id


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return select(user).where(visible_to(actor), one_of(user.c.id, ids))


def listed(actor: Actor, wanted: UserFilter) -> Select[Any]:
    query = select(user).where(visible_to(actor))
    for word in (wanted.search or "").split():
        columns = (user.c.username, user.c.display_name, user.c.email)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if wanted.role is not None:
        query = query.where(user.c.role.in_(wanted.role))
    if wanted.disabled is not None:
        is_disabled = user.c.disabled_at.is_not(None)
        query = query.where(is_disabled if wanted.disabled else ~is_disabled)
    return query
