"""The few words of ASGI that the endpoint speaks itself: it does without a framework's requests and responses."""

from collections.abc import Awaitable, Generator, Sequence
from typing import Any, Final

import orjson
from starlette.types import Message, Receive, Scope, Send

from server.middleware import Head, Header, head_of

_TYPE: Final = b"content-type"
_LENGTH: Final = b"content-length"


class ClientGone(Exception):
    """The client hung up before its request was read."""


def line(head: Head, name: bytes) -> str | None:
    """Return a header out of many, by its name in lower case."""
    found = head.get(name)
    return None if found is None else found.decode("latin-1")


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request's header, by its name in lower case."""
    return line(head_of(scope), name)


class Arrival(Awaitable[Message]):
    """A message that was asked for. `message` is there when nothing had to be waited for; else, wait for it."""

    __slots__ = ("_asked", "_awaits", "message")

    def __init__(self, receive: Receive) -> None:
        self.message: Message | None = None
        self._asked = receive().__await__()
        try:
            self._awaits: object = next(self._asked)
        except StopIteration as end:
            self.message = end.value

    def __await__(self) -> Generator[Any, Any, Message]:
        """Go on where asking had to wait."""
        if self.message is not None:
            return self.message
        try:
            yield self._awaits
        except BaseException:
            self._asked.close()
            raise
        return (yield from self._asked)


def whole(message: Message | None, most: int) -> bytes | None:
    """Return a body that came in one message; None when it did not, or is longer than `most` bytes."""
    if message is None or message["type"] != "http.request" or message.get("more_body"):
        return None
    body: bytes = message.get("body", b"")
    return body if len(body) <= most else None


async def body_of(first: Arrival, receive: Receive, most: int) -> bytes | None:
    """Read a request's body, whose first message was asked for; None when it is longer than `most` bytes.

    Raises:
        ClientGone: it ended before its end.
    """
    parts: list[bytes] = []
    size = 0
    message = await first
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        if not message.get("more_body"):
            return b"".join(parts) + part if parts else part
        parts.append(part)
        message = await receive()


async def hung_up(receive: Receive) -> None:
    """Wait until the client of a request that was read is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def reply(send: Send, status: int, body: bytes, kind: bytes, more: Sequence[Header] = ()) -> None:
    """Send a whole answer."""
    headers = [(_TYPE, kind), (_LENGTH, b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def encoded(value: Any) -> bytes:
    """Write JSON."""
    return orjson.dumps(value)
