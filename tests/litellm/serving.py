"""Servers for the contract suite: an ASGI app on a port of its own, and a receiver of callbacks."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from tests.ports import own_port


@contextmanager
def serve(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` from a thread; gives its base URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", lifespan="on", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server does not get ready"
        time.sleep(0.01)
    try:
        bound = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)


@dataclass(frozen=True)
class Delivery:
    """One request that the receiver got. `at` is `time.monotonic()`."""

    at: float
    path: str
    headers: dict[str, str]
    events: list[dict[str, Any]]


@dataclass
class Receiver:
    """Where callbacks arrive. `answers` are statuses for the next attempts; after that all are 200.

    `with receiver.away():` gives the port to somebody else for a while.
    """

    port: int
    attempts: list[Delivery] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    away: Callable[[], AbstractContextManager[None]] = nullcontext

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of the deliveries that were accepted, in order."""
        return [event for delivery in self.deliveries for event in delivery.events]

    def wait_for(
        self, matches: Callable[[dict[str, Any]], bool], count: int = 1, seconds: float = 15
    ) -> list[dict[str, Any]]:
        """The events that match, as soon as there are `count`."""
        deadline = time.monotonic() + seconds
        while len(found := [event for event in self.events if matches(event)]) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} events came within {seconds} s"
            time.sleep(0.05)
        return found


@contextmanager
def receive(port: int = 0) -> Iterator[Receiver]:
    """Listen for callbacks on `port` of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if not listening.is_set():  # on a connection from before
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers["content-length"]))
            delivery = Delivery(
                time.monotonic(),
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(body),
            )
            status = receiver.answers.pop(0) if receiver.answers else 200
            receiver.attempts.append(delivery)
            if status == 200:
                receiver.deliveries.append(delivery)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = threading.Event()

    def start(port: int) -> Callable[[], None]:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        listening.set()
        receiver.port = server.server_address[1]

        def stop() -> None:
            listening.clear()
            server.shutdown()
            server.server_close()
            thread.join(timeout=5)

        return stop

    @contextmanager
    def away() -> Iterator[None]:
        nonlocal stop
        stop()
        try:
            yield
        finally:
            stop = start(receiver.port)

    receiver = Receiver(port, away=away)
    stop = start(port or own_port())
    try:
        yield receiver
    finally:
        stop()
