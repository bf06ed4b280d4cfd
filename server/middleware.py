"""What happens to every request: its id, its time in the log, the limit of its body, and the headers of its answer."""

import os
import re
import time
from collections.abc import Awaitable, Mapping, Sequence
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
CAREFUL: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"vary", b"Origin"),
)
_NAMES: Final = frozenset(name for name, _ in CAREFUL)

Header = tuple[bytes, bytes]
Head = Mapping[bytes, bytes]

log = structlog.stdlib.get_logger("server.access")


def request_id_of(scope: Scope) -> str:
    """Return the id of a request or socket."""
    return scope["state"]["request_id"]


class RequestLog:
    """Gives each request an id (its caller's, when that is a plain word), and logs how it ended. Never what it said.

    A request is a task of its own, which knows its id to the end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        kind: str = scope["type"]
        if kind not in ("http", "websocket"):
            return self._app(scope, receive, send)
        state = scope.setdefault("state", {})
        request_id = state["request_id"] = _id_of(scope)
        bind_request(request_id)
        if log.bind().is_enabled_for(INFO):
            return self._logged(scope, receive, send)
        return self._app(scope, receive, _careful(send, request_id) if kind == "http" else send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.monotonic(), 0

        def answer(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        is_http = scope["type"] == "http"
        try:
            await self._app(scope, receive, _careful(answer, request_id_of(scope)) if is_http else send)
        finally:
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

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._endpoint(scope)(scope, receive, send)

    def _endpoint(self, scope: Scope) -> ASGIApp:
        if scope.get("path") != self._path:
            return self._others
        if scope["type"] == "websocket":
            return self._sockets
        is_plain = scope["method"] == "POST" and _ORIGIN not in head_of(scope)
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


def head_of(scope: Scope) -> Head:
    """Return a request's headers by their names in lower case; of several of one name, the first."""
    state = scope["state"]
    found: Head | None = state.get("head")
    if found is None:
        found = state["head"] = dict(scope["headers"][::-1])
    return found


def _id_of(scope: Scope) -> str:
    """Return the id that a request brings, or one of its own: milliseconds, then chance."""
    given = head_of(scope).get(_REQUEST_ID)
    return _new_id() if given is None or not _WORD.fullmatch(given) else given.decode("ascii")


def _new_id() -> str:
    if not _chances:
        # many at a time: each draw is a call of the system
        digits = os.urandom(_DRAWN * _DIGITS // 2).hex()
        _chances.extend(digits[place : place + _DIGITS] for place in range(0, len(digits), _DIGITS))
    return f"{time.time_ns() // 1_000_000:012x}{_chances.pop()}"


_chances: Final[list[str]] = []


def _careful(send: Send, request_id: str) -> Send:
    """Return what adds the id to an answer, and what the answer does not say itself."""

    def answer(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            headers: Sequence[Header] = message.get("headers", ())
            said = _NAMES.intersection([name for name, _ in headers])
            ours = [each for each in CAREFUL if each[0] not in said] if said else CAREFUL
            message["headers"] = [*headers, (_REQUEST_ID, request_id.encode()), *ours]
        return send(message)

    return answer
