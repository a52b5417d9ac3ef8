"""A small schema with every kind of field, for the tests of the executor: what it answers comes from `World`.

Any attribute may hold an oddity instead of its value: `Later` (something to await), `Fails` (an exception that is raised),
`Wrong` (an exception as a value) or a value of another type. Oddities are made afresh on each reading, so that one world can be
executed several times.
"""

import asyncio
import enum
from collections.abc import AsyncIterator, Generator, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import DisableIntrospection, FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON

from schema.execution import CompiledExecutor


@dataclass(frozen=True)
class Later:
    """Given as something to await."""

    value: Any = None
    turns: int = 0


@dataclass(frozen=True)
class Fails:
    """Raises, at once or when awaited inside `Later`."""

    message: str = "broken"


@dataclass(frozen=True)
class Wrong:
    """An exception given as the value."""

    message: str = "wrong"


def real(value: Any) -> Any:
    """What a resolver returns for a value of the world."""
    if isinstance(value, Fails):
        raise RuntimeError(value.message)
    if isinstance(value, Wrong):
        return ValueError(value.message)
    if isinstance(value, Later):
        return Awaited(value)
    if isinstance(value, list):
        # An item can't raise by itself; as something to await it can.
        return [real(Later(item) if isinstance(item, Fails) else item) for item in value]
    return value


class Awaited:
    """Like a coroutine, but nobody minds if it is never awaited."""

    def __init__(self, later: Later) -> None:
        self._later = later

    def __repr__(self) -> str:
        return f"Awaited({self._later})"

    def __await__(self) -> Generator[Any, None, Any]:
        for _ in range(self._later.turns):
            yield from asyncio.sleep(0).__await__()
        value = real(self._later.value)
        return (yield from value.__await__()) if isinstance(value, Awaited) else value


class Odd:
    """Attributes are read through `real`: what a plain Strawberry field finds on its source."""

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        return value if name.startswith("_") or callable(value) else real(value)


@strawberry.enum
class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


class Refuse(BasePermission):
    message = "not for you"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.allowed)


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        value = next_(source, info, **kwargs)
        return value.upper() if isinstance(value, str) else value


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.interface
class Named:
    name: str
    nickname: str | None


@strawberry.input
class Filter:
    words: list[str] | None = None
    limit: int = 3
    nested: "Filter | None" = None


@strawberry.type
class Page(Odd):
    number: int
    text: str | None
    book: "Book | None" = None


@strawberry.type
class Author(Odd, Node, Named):
    age: int | None = 40
    happy: bool = True
    height: float | None = 1.5
    mood: Mood = Mood.CALM
    moods: list[Mood | None] | None = None
    born: datetime | None = None
    money: Decimal = Decimal("1.50")
    key: UUID | None = None
    extra: JSON | None = None
    tags: list[str] = strawberry.field(default_factory=list)
    grid: list[list[int | None] | None] | None = None
    books: "list[Book]" = strawberry.field(default_factory=list)
    friends: "list[Author | None] | None" = None
    best: "Author | None" = None
    must: "Author" = None  # type: ignore[assignment]
    shouted: str = strawberry.field(default="psst", extensions=[Shout()])
    secret: str | None = strawberry.field(default="secret", permission_classes=[Refuse])

    @strawberry.field
    def greeting(self) -> str:
        return f"I am {self.name}"

    @strawberry.field
    async def slow_greeting(self) -> str | None:
        await asyncio.sleep(0)
        return f"I am slowly {self.name}"

    @strawberry.field
    def introduced(self, info: strawberry.Info, to: str = "all", times: int | None = None) -> str:
        return f"{self.name} to {to} {times} at {info.path.key}"

    @strawberry.field
    def parented(parent: strawberry.Parent["Author"]) -> str:
        return parent.name

    @strawberry.field
    def loaded(self, info: strawberry.Info) -> str | None:
        return info.context.loader.load(self.id)

    @strawberry.field
    async def loaded_later(self, info: strawberry.Info) -> str:
        return await info.context.loader.load(self.id)


@strawberry.type
class Book(Odd, Node, Named):
    title: str = "a title"
    pages: list[Page] = strawberry.field(default_factory=list)
    author: Author | None = None
    mood: Mood | None = None
    related: "list[Annotated[Author | Book, strawberry.union('Thing')]] | None" = None


Thing = Annotated[Author | Book, strawberry.union("Thing")]


@strawberry.type
class Query:
    @strawberry.field
    def author(self, info: strawberry.Info) -> Author | None:
        return real(info.context.world.get("author"))

    @strawberry.field
    def must_author(self, info: strawberry.Info) -> Author:
        return real(info.context.world.get("author"))

    @strawberry.field
    async def slow_author(self, info: strawberry.Info) -> Author | None:
        await asyncio.sleep(0)
        value = real(info.context.world.get("author"))
        return await value if isinstance(value, Awaited) else value

    @strawberry.field
    def authors(self, info: strawberry.Info, first: int | None = None) -> list[Author] | None:
        found = real(info.context.world.get("authors"))
        return found[:first] if isinstance(found, list) else found

    @strawberry.field
    def generated(self, info: strawberry.Info) -> list[Author]:
        found = real(info.context.world.get("authors"))
        return (each for each in found) if isinstance(found, list) else found  # type: ignore[return-value]

    @strawberry.field
    def things(self, info: strawberry.Info) -> list[Thing] | None:
        return real(info.context.world.get("things"))

    @strawberry.field
    async def nodes(self, info: strawberry.Info) -> list[Node | None]:
        return real(info.context.world.get("things"))

    @strawberry.field
    def named(self, info: strawberry.Info) -> Named | None:
        return real(info.context.world.get("author"))

    @strawberry.field
    def filtered(self, filter: Filter | None = None, words: list[str] | None = None) -> str:
        return f"{filter} {words}"

    @strawberry.field
    def echo(self, text: str, number: int = 7, mood: Mood | None = None, when: datetime | None = None) -> str:
        return f"{text} {number} {mood} {when}"

    @strawberry.field
    def version(self) -> str:
        return "1"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, info: strawberry.Info, text: str) -> str:
        before = list(info.context.log)
        await asyncio.sleep(0)
        info.context.log.append(text)
        return f"{text} after {before}"

    @strawberry.mutation
    def add_now(self, info: strawberry.Info, text: str) -> str | None:
        if text == "bad":
            raise RuntimeError("bad text")
        info.context.log.append(text)
        return f"{text} of {info.context.log}"

    @strawberry.mutation
    async def make(self, info: strawberry.Info) -> Author:
        return real(info.context.world.get("author"))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def authors(self, info: strawberry.Info, times: int = 2) -> AsyncIterator[Author | None]:
        for _ in range(times):
            yield real(info.context.world.get("author"))

    @strawberry.subscription
    async def counted(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number
        if to == 13:
            raise RuntimeError("the source is broken")


class Context:
    """A world, a loader that remembers its batches, and a log that mutations write."""

    def __init__(self, world: dict[str, Any], *, allowed: bool = True) -> None:
        self.world = world
        self.allowed = allowed
        self.log: list[str] = []
        self.batches: list[list[str]] = []
        self.loader: DataLoader[str, str] = DataLoader(self._load)

    async def _load(self, keys: list[str]) -> Iterable[str]:
        self.batches.append(keys)
        return [f"loaded {key}" for key in keys]


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Author, Book])
compiled_schema = strawberry.Schema(query=Query, types=[Author, Book], execution_context_class=CompiledExecutor)
schema_with_extension = strawberry.Schema(query=Query, types=[Author, Book], extensions=[DisableIntrospection])


def author(number: int = 1, **changes: Any) -> Author:
    """A blameless author, but for `changes`."""
    values: dict[str, Any] = {"id": f"author-{number}", "name": f"Author {number}", "nickname": None}
    return Author(**(values | changes))


def book(number: int = 1, **changes: Any) -> Book:
    values: dict[str, Any] = {"id": f"book-{number}", "name": f"Book {number}", "nickname": "b"}
    return Book(**(values | changes))
