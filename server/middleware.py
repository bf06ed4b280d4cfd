"""What happens to every request: its id, its time in the log, the limit of its body, and the headers of its answer."""

import os
import re
import time
from collections.abc import Awaitable, Iterable, Iterator
from logging import INFO
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logging import bind_request

BODY_LIMIT: Final = 256 * 1024
UPLOADS: Final = "/uploads/"
"""Below it stand tokens, which no log may hold."""

_WORD: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_REQUEST_ID: Final = b"x-request-id"
_ORIGIN: Final = b"origin"
_DIGITS: Final = 20
_DRAWN: Final = 64
_CAREFUL: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"vary", b"Origin"),
)
_NAMES: Final = frozenset(name for name, _ in _CAREFUL)

Header = tuple[bytes, bytes]

log = structlog.stdlib.get_logger("server.access")


def request_id_of(scope: Scope) -> str:
    """Return the id of a request or socket."""
    return scope["state"]["request_id"]


class RequestLog:
    """Gives each request an id (its caller's, when that is a plain word), and logs how it ended. Never what it said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind: str = scope["type"]
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.monotonic(), 0

        def answer(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), request_id)
            return send(message)

        with bind_request(request_id):
            try:
                await self._app(scope, receive, answer if kind == "http" else send)
            finally:
                if log.bind().is_enabled_for(INFO):
                    _note(scope, status, time.monotonic() - began)


class Entrance:
    """Leads what comes to one path straight to its endpoints, and all else to `others`: each layer in between would be
    passed by every frame and every request. Whatever a browser may have to be told of origins for goes `across`.
    """

    def __init__(self, path: str, http: ASGIApp, sockets: ASGIApp, others: ASGIApp, across: ASGIApp) -> None:
        self._path = path
        self._http = http
        self._sockets = sockets
        self._others = others
        self._across = across

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint(scope)(scope, receive, send)

    def _endpoint(self, scope: Scope) -> ASGIApp:
        if scope.get("path") != self._path:
            return self._others
        if scope["type"] == "websocket":
            return self._sockets
        is_plain = scope["method"] == "POST" and all(name != _ORIGIN for name, _ in scope["headers"])
        return self._http if is_plain else self._across


def _note(scope: Scope, status: int, seconds: float) -> None:
    path: str = scope["path"]
    log.info(
        "request",
        kind=scope["type"],
        method=scope.get("method"),
        path=UPLOADS if path.startswith(UPLOADS) else path,
        status=status or None,
        milliseconds=round(seconds * 1000, 1),
    )


def _id_of(scope: Scope) -> str:
    """Return the id that a request brings, or one of its own: milliseconds, then chance."""
    for name, value in scope["headers"]:
        if name == _REQUEST_ID:
            return value.decode("ascii") if _WORD.fullmatch(value) else _new_id()
    return _new_id()


def _new_id() -> str:
    return f"{time.time_ns() // 1_000_000:012x}{next(_chances)}"


def _drawn() -> Iterator[str]:
    """Draw chance for many ids at a time: each draw is a call of the system."""
    while True:
        digits = os.urandom(_DRAWN * _DIGITS // 2).hex()
        yield from (digits[place : place + _DIGITS] for place in range(0, len(digits), _DIGITS))


_chances: Final = _drawn()


def _with_ours(headers: Iterable[Header], request_id: str) -> list[Header]:
    """Add the id, and what the answer does not say itself."""
    given = [*headers, (_REQUEST_ID, request_id.encode())]
    said = [name for name, _ in given if name in _NAMES]
    given += [each for each in _CAREFUL if each[0] not in said] if said else _CAREFUL
    return given
