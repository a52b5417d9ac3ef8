"""uvicorn's WebSockets, with a short way out for messages that go to thousands of them.

`scope["extensions"][SEND_NOW]["send"]` is `send_now`: an application that finds it there may use it beside ASGI's `send`. By ASGI each
message is a coroutine through all middleware and a frame object: as much work again as the operating system has with sending it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

SEND_NOW = "litemaas.websocket.send_now"
TEXT = b"\x81"  # a whole message in one frame


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's `ws`. Never compresses what is sent with `send_now`, so turn `ws_per_message_deflate` off."""

    _has_room = True

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the application's task is made and has not begun
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[SEND_NOW] = {"send": self.send_now}

    def send_now(self, text: bytes) -> bool:
        """Send a text message, UTF-8, to a client that has been accepted. False if it was not sent.

        Then there is no room, or the client is gone: `send` waits for the one and tells of the other.
        """
        transport: asyncio.Transport = self.transport
        if not self._has_room or self.close_sent or transport.is_closing():
            return False
        length = len(text)
        if length < 126:
            size = bytes((length,))
        elif length < 65_536:
            size = b"\x7e" + length.to_bytes(2)
        else:
            size = b"\x7f" + length.to_bytes(8)
        transport.write(TEXT + size + text)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if hasattr(self, "scope"):  # a circle would keep all of it until garbage is looked for
            self.scope["extensions"].pop(SEND_NOW, None)

    def pause_writing(self) -> None:
        self._has_room = False
        super().pause_writing()

    def resume_writing(self) -> None:
        self._has_room = True
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        # Who answers no ping reads no reason either, and what waits to be read would hold the connection open for ever.
        self.transport.abort()
