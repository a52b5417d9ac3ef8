"""Relay's conventions: opaque ids, nodes, and connections made from the services' pages."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import strawberry

from gateway import ids
from gateway.errors import InvalidInput
from gateway.paging import Page
from schema.cost import price

T = TypeVar("T")

First = Annotated[int, strawberry.argument(description="How many to return: 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the last item already seen; leave out for the first page."),
]


def encode_id(kind: str, key: UUID | str) -> strawberry.ID:
    """The opaque id of one thing."""
    return strawberry.ID(ids.encode(kind, key))


split_id = ids.split


def decode_id(kind: str, node_id: str, field: str) -> UUID:
    """The key of an id that must be of this kind. Raises InvalidInput naming `field`."""
    found, key = split_id(node_id, field)
    if found != kind:
        raise InvalidInput(field, f"must be the id of a {kind}, not of a {found}")
    return key


def decode_ids(kind: str, node_ids: list[strawberry.ID] | None, field: str) -> list[UUID] | None:
    return None if node_ids is None else [decode_id(kind, node_id, field) for node_id in node_ids]


@strawberry.interface(description="A thing with an id of its own, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, unique over all types, and never given to another thing.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether something precedes this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="What to give as `after` for the next page; null on an empty page."
    )


@strawberry.type(description="One item of a page.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item itself.")
    cursor: str = strawberry.field(description="Its place in the list, in this order.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of this page, in the list's order.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")
    page: strawberry.Private[Page[Any]]

    @strawberry.field(
        description="How many items the whole list has, over all pages. Counted only when asked for.",
        metadata=price(points=2),
    )
    async def total_count(self) -> int:
        return await self.page.total_count()


def connection(page: Page[Any], make: Callable[[Any], T]) -> Connection[T]:
    """A connection of GraphQL types from a page of rows."""
    cursors = page.cursors
    return Connection(
        edges=[Edge(node=make(row), cursor=cursor) for row, cursor in zip(page.rows, cursors, strict=True)],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        page=page,
    )
