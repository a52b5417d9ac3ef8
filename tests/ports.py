"""Ports for servers that a test starts in another process, or whose address must be known before they start."""

import socket

_held: list[socket.socket] = []


def own_port(port: int = 0) -> int:
    """A port of 127.0.0.1 that nobody else is given as long as this process lives, or `port` itself.

    It is bound and not listened on: a connection is refused until a server that sets SO_REUSEADDR, as ours do, listens there.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    _held.append(holder)
    return int(holder.getsockname()[1])
