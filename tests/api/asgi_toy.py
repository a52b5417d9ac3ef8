"""A schema with live fields whose events a test makes, and a server that serves it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import ReferenceType, ref

import orjson
import pytest
import strawberry
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.cli import listen, uvicorn_config
from gateway.errors import NotFound, NotSignedIn
from schema.asgi import GraphQLApp
from schema.documents import StoredDocuments
from schema.errors import public_error
from schema.execution import Engine, Limits
from schema.live_callers import Change, LiveCallers
from schema.live_hub import SHARED
from schema.operations import Operations


@dataclass
class World:
    """What the schema tells about. `tick()` makes an event."""

    count: int = 0
    padding: int = 0
    executions: int = 0
    sources: int = 0
    change: Change = Change.GONE
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    fail: Exception | None = None
    contexts: list["ReferenceType[Context]"] = field(default_factory=list)
    """Of all that was asked."""
    _listeners: set[asyncio.Event] = field(default_factory=set)

    def tick(self, by: int = 1) -> None:
        self.count += by
        self.wake()

    def wake(self) -> None:
        for listener in self._listeners:
            listener.set()

    async def events(self) -> AsyncIterator[None]:
        """Now, and after each change; changes that come together are one."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        self.sources += 1
        try:
            while self.fail is None:
                yield
                await listener.wait()
                listener.clear()
            if not isinstance(self.fail, StopAsyncIteration):
                raise self.fail
        finally:
            self._listeners.discard(listener)
            self.sources -= 1


@dataclass
class Context:
    world: World
    user: str | None
    request_id: str

    def live_scope(self) -> str:
        if self.user is None:
            raise NotSignedIn
        return self.user


@strawberry.type
class State:
    count: int
    user: str | None
    padding: str

    @strawberry.field
    def executed(self, info: strawberry.Info) -> int:
        """How many events were executed so far, this one included."""
        info.context.world.executions += 1
        return int(info.context.world.executions)


@strawberry.type
class Placed:
    position: int


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, info: strawberry.Info, to: str = "world") -> str:
        return f"hello {to} from {info.context.user}"

    @strawberry.field
    def secret(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound("thing")

    @strawberry.field
    def number(self) -> int | None:
        return "a secret instead of a number"  # type: ignore[return-value]

    @strawberry.field
    async def wait(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "waited"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def tick(self, info: strawberry.Info) -> int:
        info.context.world.tick()
        return int(info.context.world.count)


@strawberry.type
class Subscription:
    @strawberry.subscription(metadata=SHARED)
    async def state(self, info: strawberry.Info, name: str | None = None) -> AsyncIterator[State]:
        world = info.context.world
        async for _ in world.events():
            yield State(count=world.count, user=info.context.user, padding="x" * world.padding)

    @strawberry.subscription
    async def numbers(self, info: strawberry.Info, to: int, size: int = 0) -> AsyncIterator[str]:
        for number in range(to):
            yield f"{number}" + "x" * size

    @strawberry.subscription
    async def positions(self, to: int) -> AsyncIterator[Placed]:
        for number in range(to):
            yield Placed(position=number + 1)

    @strawberry.subscription
    async def each(self, info: strawberry.Info) -> AsyncIterator[int]:
        async for _ in info.context.world.events():
            yield info.context.world.count

    @strawberry.subscription
    async def refused(self) -> AsyncIterator[int]:
        raise NotFound("source")
        yield 1


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)

STORED = {
    "hello": "query Hello($to: String!) { hello(to: $to) }",
    "live": "subscription Live { state { count executed } }",
    "bad": "{ nothing }",
}


def create_app(world: World, max_connections: int = 100, **options: Any) -> Starlette:
    """The schema on /graphql; who asks stands in the header X-User."""
    engine = Engine(schema, Limits(depth=5))
    errors: Any = public_error
    operations = Operations(engine, StoredDocuments(engine.documents, STORED), errors)

    def context_of(connection: HTTPConnection) -> Context:
        if connection.headers.get("x-user") == "nobody can say":
            raise RuntimeError("password=hunter2")
        context = Context(world, connection.headers.get("x-user"), "request-1")
        world.contexts.append(ref(context))
        return context

    async def until_changed(caller: Any) -> Change:
        await world.changed.wait()
        return world.change

    async def sign_in(connection: HTTPConnection, token: str) -> bool:
        return token == "good"

    callers = LiveCallers(until_changed, limit=max_connections)
    app = GraphQLApp(
        operations, context_of, lambda connection: connection.headers.get("x-user"), callers, sign_in, **options
    )
    routes = [Route("/graphql", app), WebSocketRoute("/graphql", app)]
    return Starlette(routes=routes, middleware=[Middleware(RequestIds)])


class RequestIds:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {"request_id": "request-1"}
        await self._app(scope, receive, send)


@asynccontextmanager
async def served(app: Any, **options: Any) -> AsyncIterator[int]:
    """The port on which the application is served by uvicorn, as the gateway is but for the `options`."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn_config(app)
    for name, value in ({"lifespan": "off"} | options).items():
        setattr(config, name, value)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Client:
    """One graphql-transport-ws connection."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = orjson.loads(await asyncio.wait_for(self.socket.recv(), 10))
        return message

    async def subscribe(self, id_: str, query: str, variables: Any = None, name: str | None = None) -> None:
        await self.send(
            id=id_, type="subscribe", payload={"query": query, "variables": variables, "operationName": name}
        )

    async def next(self, id_: str) -> Any:
        """The data of the next result, which must be this operation's and without errors."""
        message = await self.receive()
        assert (message["id"], message["type"]) == (id_, "next"), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def silence(self, seconds: float = 0.1) -> None:
        """Nothing comes."""
        try:
            message = await asyncio.wait_for(self.socket.recv(), seconds)
        except TimeoutError:
            return
        raise AssertionError(message)

    async def closed(self) -> tuple[int, str]:
        """(code, reason) with which the server closes."""
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(self.socket.recv(), 10)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason


@asynccontextmanager
async def client(port: int, *, init: bool = True, user: str | None = "alice", **options: Any) -> AsyncIterator[Client]:
    """A client, after connection_init and connection_ack."""
    headers = {} if user is None else {"X-User": user}
    options = {"subprotocols": ["graphql-transport-ws"], "additional_headers": headers, "compression": None} | options
    async with websockets.connect(f"ws://127.0.0.1:{port}/graphql", **options) as socket:
        connected = Client(socket)
        if init:
            await connected.send(type="connection_init")
            assert await connected.receive() == {"type": "connection_ack"}
        yield connected


@contextmanager
def no_collector() -> Iterator[None]:
    """What refers to itself stays: Python does not look for it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def eventually(condition: Any) -> None:
    """Until `condition()` holds, for ten seconds at most."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to pass")
