"""The port of the door, held before there is anything to serve, so that a taken one is a clear refusal."""

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_UNREAD: Final = 45.0


class PortRefused(Exception):
    """The port cannot be listened on. Names the variable and the remedy."""


@contextmanager
def held_port(host: str, port: int, unread: float = _UNREAD) -> Generator[socket.socket]:
    """Bind the port for as long as this lasts. Nobody is answered before somebody listens on the socket. The kernel
    gives up a connection whose other side takes nothing for `unread` seconds.

    Raises:
        PortRefused: it is in use, not allowed, or of another machine.
    """
    with refusals(host, port):
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        held = socket.socket(family, kind, protocol)
    with held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # each connection inherits it
            held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(unread * 1_000))
        with refusals(host, port):
            held.bind(address)
        yield held


@contextmanager
def refusals(host: str, port: int) -> Generator[None]:
    """Put what the system says about a port into words that help."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"PORT: {port} is in use on {host}. Set PORT to another, or end what listens there."
        elif error.errno == errno.EACCES:
            message = f"PORT: this user may not listen on {port}. Set PORT to one above 1023."
        else:
            message = f"HOST: {host} is not an address of this machine. Set HOST to 127.0.0.1 or 0.0.0.0."
        raise PortRefused(message) from error
