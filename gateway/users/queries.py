"""SELECTs on people. Each starts from `visible_to(actor)`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, true

from gateway.actor import Actor
from gateway.db import table_of
from gateway.errors import InvalidInput
from gateway.paging import Order
from gateway.users.tables import User

MAX_SEARCH = 200

user = table_of(User)

BY_NAME = Order("users:name", ((func.lower(user.c.username), str), (user.c.id, UUID)))


def visible_to(actor: Actor) -> Any:
    """The condition under which `actor` may see a person."""
    return true() if actor.reads_all else user.c.id == actor.user_id


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return select(user).where(visible_to(actor), user.c.id.in_(ids))


def listed(actor: Actor, search: str | None = None) -> Select[Any]:
    """Each word of `search` must be found in a name or an address. Raises InvalidInput naming `search`."""
    query = select(user).where(visible_to(actor))
    if search and len(search) > MAX_SEARCH:
        raise InvalidInput("search", f"may have at most {MAX_SEARCH} characters")
    if search and "\x00" in search:
        raise InvalidInput("search", "may not contain NUL characters")
    for word in (search or "").split():
        columns = (user.c.username, user.c.display_name, user.c.email)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return query
