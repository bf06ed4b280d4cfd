"""The few words of ASGI that the endpoint speaks itself: it does without a framework's requests and responses."""

from collections.abc import Iterable
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send

_TYPE: Final = b"content-type"

Header = tuple[bytes, bytes]


class ClientGone(Exception):
    """The client hung up before its request was read."""


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request's header, by its name in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None


async def body_of(receive: Receive, most: int) -> bytes | None:
    """Read a request's body; None when it is longer than `most` bytes.

    Raises:
        ClientGone: it ended before its end.
    """
    message = await receive()
    if not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise ClientGone
        return body if len(body) <= most else None
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


async def reply(send: Send, status: int, body: bytes, kind: str, more: Iterable[Header] = ()) -> None:
    """Send a whole answer."""
    headers = [(_TYPE, kind.encode()), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def encoded(value: Any) -> bytes:
    """Write JSON."""
    return orjson.dumps(value)
