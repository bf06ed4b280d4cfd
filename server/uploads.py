"""Where announced files are sent: `PUT /uploads/<token>`. The token is the credential."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, cast

from starlette.types import Receive, Scope, Send

from core.errors import DomainError, RateLimited, Unavailable
from core.ground import Ground
from core.limits import Quota
from server.protocols import asgi
from server.protocols.asgi import Header
from server.protocols.sockets import Sockets, SocketsEnding
from services import uploads
from services.uploads import FileTooLarge, UploadUnknown

_CLOSE: Final[Header] = (b"connection", b"close")
_QUOTA: Final = Quota(limit=120, seconds=60)
_RETRY: Final = 5


class UploadEndpoint:
    """Receives files. A piece may take `patience` seconds to arrive, a whole file `longest`."""

    patience = 20.0
    longest = 600.0

    def __init__(self, ground: Ground, sockets: Sockets) -> None:
        self._ground = ground
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 204 when the file has arrived, else JSON that says why not."""
        if scope["method"] != "PUT":
            await _refuse(send, 405, "METHOD_NOT_ALLOWED", "Send the file by PUT.", [(b"allow", b"PUT")])
            return
        if (asgi.header(scope, b"content-encoding") or "identity").strip().lower() != "identity":
            await _refuse(send, 415, "BAD_REQUEST", "Send the file as it is, without a content encoding.")
            return
        try:
            with self._sockets.arriving():
                async with asyncio.timeout(self.longest):
                    await self._receive(scope, receive)
        except (asgi.ClientGone, SocketsEnding):
            return
        except TimeoutError:
            await _refuse(send, 408, "TIMEOUT", "The file took too long to arrive.")
        except DomainError as error:
            await _refuse(send, _status(error), error.code, error.message, _retry(error))
        else:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def _receive(self, scope: Scope, receive: Receive) -> None:
        client = scope.get("client")
        await self._ground.throttle.spend(f"upload:{client[0] if client else ''}", _QUOTA)
        arrival = await uploads.open_arrival(self._ground, cast("str", scope["path_params"]["token"]))
        async with aclosing(self._chunks(receive)) as chunks:
            await uploads.receive(self._ground, arrival, chunks)

    async def _chunks(self, receive: Receive) -> AsyncGenerator[bytes]:
        while True:
            async with asyncio.timeout(self.patience):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise asgi.ClientGone
            yield message.get("body", b"")
            if not message.get("more_body"):
                return


def _status(error: DomainError) -> int:
    match error:
        case UploadUnknown():
            return 404
        case FileTooLarge():
            return 413
        case RateLimited():
            return 429
        case Unavailable():
            return 503
        case _:
            return 400


def _retry(error: DomainError) -> list[Header]:
    match error:
        case RateLimited():
            return [(b"retry-after", str(max(1, round(error.retry_after))).encode())]
        case Unavailable():
            return [(b"retry-after", str(_RETRY).encode())]
        case _:
            return []


async def _refuse(send: Send, status: int, code: str, message: str, more: list[Header] | None = None) -> None:
    """Say why, and hang up: what still comes of the body is not read."""
    body = asgi.encoded({"code": code, "message": message})
    await asgi.reply(send, status, body, b"application/json", [_CLOSE, *(more or [])])
