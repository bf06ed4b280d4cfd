"""What happens to every request: its id, its time in the log, the limit of its body, and the headers of its answer."""

import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import uuid7
from core.logging import bind_request

BODY_LIMIT: Final = 256 * 1024
UPLOADS: Final = "/uploads/"
"""Below it stand tokens, which no log may hold."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)

log = structlog.stdlib.get_logger("server.access")


def request_id_of(scope: Scope) -> str:
    """Return the id of a request or socket."""
    return scope["state"]["request_id"]


class RequestLog:
    """Gives each request an id (its caller's, when that is a plain word), and logs how it ended. Never what it said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid7().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        with bind_request(request_id):
            try:
                await self._app(scope, receive, answer if scope["type"] == "http" else send)
            finally:
                log.info(
                    "request",
                    kind=scope["type"],
                    method=scope.get("method"),
                    path=UPLOADS if scope["path"].startswith(UPLOADS) else scope["path"],
                    status=status or None,
                    milliseconds=round((time.monotonic() - began) * 1000, 1),
                )


class StraightSockets:
    """Hands the sockets of one path to their endpoint: each layer in between would be passed by every frame."""

    def __init__(self, app: ASGIApp, path: str, endpoint: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "websocket" and scope["path"] == self._path
        await (self._endpoint if is_ours else self._app)(scope, receive, send)
