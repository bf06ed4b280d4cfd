"""graphql-transport-ws: many operations on one socket (graphql-ws, PROTOCOL.md), each with surroundings of its own.

A fault of one operation ends that operation; a message that breaks the protocol ends the socket. Beyond the protocol:
a `ping` whose payload has an `authorization` line renews who is signed in, without a new socket.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import structlog
from graphql import OperationType
from starlette.types import Receive, Scope, Send

from core import clock
from core.errors import DomainError, Unavailable
from resolvers.context import Context
from server.engine import Answer, Parameters, RequestRefused
from server.engine import errors as shown_errors
from server.middleware import request_id_of
from server.protocols import asgi, messages
from server.protocols.backing import Backing
from server.protocols.outbox import NobodyReads, Outbox
from server.protocols.sockets import SocketsEnding, SocketsFull
from services.access import Origin

PROTOCOL: Final = "graphql-transport-ws"
_LAST_WORDS: Final = 1.0
_USER_AGENT_LIMIT: Final = 300
_REASON_BYTES: Final = 123
_ECHO_LONGEST: Final = 1_000
_PING: Final = '{"type":"ping"}'
_RESTART: Final = "The server restarts: connect again, and go on after your last cursor"

log = structlog.stdlib.get_logger(__name__)


class Closed(Exception):
    """The socket ends, with a code and a reason; None when the client has closed it."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_REASON_BYTES].decode(errors="ignore")


class SocketEndpoint:
    """Opens sockets at the endpoint."""

    def __init__(self, backing: Backing) -> None:
        self.engine = backing.engine
        self.persisted = backing.persisted
        self.house = backing.house
        self.sockets = backing.sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it ends."""
        await receive()
        if not self._is_welcome(scope):
            await send({"type": "websocket.close", "code": 4403, "reason": "Origin not allowed"})
            return
        offered = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None})
        if not offered:
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        client = scope.get("client")
        origin = Origin(
            ip=client[0] if client else None,
            user_agent=(asgi.header(scope, b"user-agent") or "")[:_USER_AGENT_LIMIT] or None,
            request_id=request_id_of(scope),
        )
        await Session(self, origin, receive, send).run()

    def _is_welcome(self, scope: Scope) -> bool:
        """Tell whether a page of some origin may connect: our own, one of the list, or no page at all."""
        origin = asgi.header(scope, b"origin")
        if origin is None:
            return True
        if origin.rstrip("/").lower() in self.house.ground.settings.server.allowed_origins:
            return True
        try:
            page = urlsplit(origin)
        except ValueError:
            return False
        return page.scheme in ("http", "https") and bool(page.netloc) and page.netloc == asgi.header(scope, b"host")


class Session:
    """One socket."""

    def __init__(self, endpoint: SocketEndpoint, origin: Origin, receive: Receive, send: Send) -> None:
        self._endpoint = endpoint
        self._receive = receive
        self._send = send
        self._context = Context(endpoint.house, origin)
        self._limits = endpoint.sockets.limits
        self._outbox = Outbox(self._write, self._limits.patience)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: set[asyncio.Task[Any]] = set()
        self._is_ready = False
        self._tokens = float(self._limits.burst)
        self._counted_at = time.monotonic()
        self._places: list[str] = []
        self._is_stopping = False
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Serve until the client leaves, breaks the protocol, or may not stay."""
        try:
            self._places = self._endpoint.sockets.open(self, self._context.origin.ip or "")
            await self._live()
        except SocketsEnding:
            await self._close(Closed(1012, _RESTART))
        except SocketsFull as full:
            await self._close(Closed(4429, str(full)))
        except Closed as closed:
            await self._close(closed)
        finally:
            self._endpoint.sockets.close(self, self._places)

    def stop(self) -> None:
        """End in order, because the process stops."""
        self._is_stopping = True
        self._changed.set()

    async def _live(self) -> None:
        """Run the parts of the socket side by side; the first that ends, ends it."""
        parts = [
            asyncio.create_task(each, name=name)
            for name, each in (
                ("socket reader", self._read()),
                ("socket watch", self._watch()),
            )
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            await self._end_operations()
        finally:
            self._context.drop()
            self._outbox.close()
            tasks = (*parts, *self._tasks)
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for each in done:
            error = each.exception()
            if isinstance(error, NobodyReads):
                raise Closed(1013, "Nothing was read for too long") from None
            if error is not None:
                raise error

    async def _end_operations(self) -> None:
        """When the process stops, let what runs be answered. What is followed gets no last word but the socket's code:
        clients take an error for the end, and the code for a reason to go on elsewhere.
        """
        if self._is_stopping:
            brief = [each for each in self._tasks if each not in self._following]
            if brief:
                await asyncio.wait(brief, timeout=_LAST_WORDS)
            await self._outbox.drained(_LAST_WORDS)

    async def _read(self) -> None:
        began = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(None if self._is_ready else began + self._limits.init - time.monotonic()):
                    message = await self._receive()
            except TimeoutError:
                raise Closed(4408, "Connection initialisation timeout") from None
            if message["type"] == "websocket.disconnect":
                raise Closed(None)
            text: str | None = message.get("text")
            if text is None:
                raise Closed(4400, "A message is a text")
            self._count()
            try:
                await self._hear(messages.read(text))
            except messages.MessageInvalid as fault:
                raise Closed(4400, str(fault)) from None

    async def _watch(self) -> None:
        """Keep the line alive, and look whether whoever is signed in may stay: anew when that changes."""
        limits = self._limits
        now = time.monotonic()
        to_ping, to_look = now + limits.keepalive, now + limits.look
        while True:
            try:
                soon = min(to_ping - now, to_look - now, self._outbox.look)
                async with asyncio.timeout(self._until_expiry(max(0.0, soon))):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            if self._is_stopping:
                raise Closed(1012, _RESTART)
            self._outbox.check()
            self._require_standing()
            now = time.monotonic()
            if now >= to_ping:
                to_ping = now + limits.keepalive
                if not self._outbox.is_full:
                    await self._outbox.put(_PING)
            caller = self._context.caller
            if caller is not None and caller.expires_at <= clock.now():
                # 4403, because clients of this protocol take it for a reason to connect again with a new token
                raise Closed(4403, "The access token has run out: renew it by a ping, or connect again")
            if now >= to_look:
                to_look = now + limits.look
                await self._recheck()

    def _until_expiry(self, most: float) -> float:
        caller = self._context.caller
        if caller is None:
            return most
        return min(most, max(0.01, (caller.expires_at - clock.now()).total_seconds()))

    async def _recheck(self) -> None:
        with suppress(DomainError):
            # nobody loses a socket because a store is away; it is looked at again
            await self._context.recheck(now=True)
        self._require_standing()

    def _require_standing(self) -> None:
        """End the socket when whoever signed in may not stay, whichever operation noticed."""
        lost = self._context.lost
        if lost is not None:
            raise Closed(4403 if lost.code == "NOT_WORKSPACE_MEMBER" else 4401, lost.message)

    def _count(self) -> None:
        """Count a message against the socket's rate."""
        now = time.monotonic()
        earned = (now - self._counted_at) * self._limits.per_second
        self._tokens = min(float(self._limits.burst), self._tokens + earned) - 1
        self._counted_at = now
        if self._tokens < 0:
            raise Closed(4429, "Too many messages")

    async def _hear(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._begin(message.get("payload") or {})
            case "ping":
                await self._pong(message.get("payload"))
            case "pong":
                return
            case "subscribe":
                self._subscribe(message["id"], message["payload"])
            case _:
                task = self._operations.pop(message["id"], None)
                if task is not None:
                    task.cancel()

    async def _begin(self, payload: Mapping[str, Any]) -> None:
        if self._is_ready:
            raise Closed(4429, "Too many initialisation requests")
        line = _authorization(payload)
        if line is not None:
            await self._context.sign_in(line if isinstance(line, str) else "-")
            try:
                _ = self._context.identity
            except Unavailable as away:
                raise Closed(1013, away.message) from None
            except DomainError:
                raise Closed(4403, "Forbidden") from None
        self._endpoint.sockets.hold(self._places, self._context.caller)
        self._is_ready = True
        self._changed.set()
        await self._outbox.put('{"type":"connection_ack"}')

    async def _pong(self, payload: Mapping[str, Any] | None) -> None:
        line = None if payload is None else _authorization(payload)
        if not self._is_ready or not isinstance(line, str):
            said = orjson.dumps(payload).decode()
            echo = "" if payload is None or len(said) > _ECHO_LONGEST else f',"payload":{said}'
            await self._outbox.put(f'{{"type":"pong"{echo}}}')
            return
        told = await self._renew(line)
        await self._outbox.put(f'{{"type":"pong","payload":{orjson.dumps(told).decode()}}}')

    async def _renew(self, line: str) -> dict[str, Any]:
        """Take a new access token of the same person in the same workspace."""
        before = self._context.caller
        fresh = Context(self._endpoint.house, self._context.origin)
        await fresh.sign_in(line)
        try:
            after = fresh.identity
        except DomainError as error:
            return {"errors": [shown_errors.shown(error)]}
        is_same = before is not None and before.user_id == after.user_id
        if before is None or not is_same or _workspace(before.actor) != _workspace(after.actor):
            raise Closed(4403, "A token of somebody else, or of another workspace, needs a new socket")
        self._context.renew(after)
        self._changed.set()
        return {"expiresAt": after.expires_at.isoformat()}

    def _subscribe(self, key: str, payload: Mapping[str, Any]) -> None:
        if not self._is_ready:
            raise Closed(4401, "Unauthorized")
        if key in self._operations:
            raise Closed(4409, f"Subscriber for {key} already exists")
        # counted here: tasks that begin later would all find the socket full
        given = payload if len(self._operations) < self._limits.operations else None
        task = self._operations[key] = asyncio.create_task(self._operate(key, given), name="socket operation")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _operate(self, key: str, payload: Mapping[str, Any] | None) -> None:
        """Run one operation to its end, and tell it. Without a payload there is no room for it."""
        opening = f'{{"id":{orjson.dumps(key).decode()},"type":'
        me = asyncio.current_task()
        try:
            last = self._too_many() if payload is None else await self._answers(opening, payload)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (a bug of one operation ends that operation)
            last = _error([shown_errors.bug(self._context.origin.request_id, error)])
        if self._operations.get(key) is me:
            del self._operations[key]
            await self._outbox.put(opening + last)

    async def _answers(self, opening: str, payload: Mapping[str, Any]) -> str:
        """Send the answers of an operation; return its last message."""
        try:
            parameters = await self._endpoint.persisted.resolve(Parameters.of(dict(payload)))
            operation = await self._endpoint.engine.prepare(parameters, self._context.fork())
            await self._endpoint.persisted.keep(parameters, operation.context.origin.ip or "")
        except RequestRefused as refusal:
            return _error(refusal.answer.errors)
        if operation.kind is not OperationType.SUBSCRIPTION:
            answer = await self._endpoint.engine.run(operation)
            return await self._told(opening, answer) or '"complete"}'
        me = asyncio.current_task()
        if me is not None:
            self._following.add(me)
            me.add_done_callback(self._following.discard)
        async with aclosing(self._endpoint.engine.follow(operation)) as answers:
            async for answer in answers:
                last = await self._told(opening, answer)
                if last is not None:
                    return last
        return '"complete"}'

    def _too_many(self) -> str:
        message = f"A socket may have {self._limits.operations} operations at once."
        return _error([{"message": message, "extensions": {"code": "TOO_MANY_OPERATIONS"}}])

    async def _told(self, opening: str, answer: Answer) -> str | None:
        """Send one answer; a refusal is not sent but returned, as the operation's last message."""
        if answer.is_refusal:
            return _error(answer.refusal)
        await self._outbox.put(f'{opening}"next","payload":{answer.text}}}')
        return None

    async def _write(self, frame: str) -> None:
        await self._send({"type": "websocket.send", "text": frame})

    async def _close(self, closed: Closed) -> None:
        if closed.code is None:
            return
        with suppress(TimeoutError):
            # whoever does not read does not read this either
            async with asyncio.timeout(_LAST_WORDS):
                await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})


def _error(errors: list[Any]) -> str:
    return f'"error","payload":{orjson.dumps(errors).decode()}}}'


def _authorization(payload: Mapping[str, Any]) -> object:
    """Return the line that signs in, in either spelling of its name."""
    given = payload.get("authorization")
    return payload.get("Authorization") if given is None else given


def _workspace(actor: Any) -> Any:
    return None if actor is None else actor.workspace_id
