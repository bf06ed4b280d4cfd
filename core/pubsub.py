"""Hints between processes: "workspace X moved", over Redis.

This is deliberately not a message bus. A hint carries no content and may be lost; what moved is read from the database,
and whoever listens polls as well. The only file that imports broadcaster, which needs watching: a restart of Redis ends
its listener without a sound, and its queues have no bound. So each process holds one subscription, pings itself through
Redis, and rebuilds everything when it does not hear its own voice.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from broadcaster import Broadcast
from broadcaster._backends.redis import RedisBackend  # pyright: ignore[reportPrivateUsage]
from broadcaster._base import Event, Subscriber  # pyright: ignore[reportPrivateUsage]
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.endings import closed, ended, first_end, surely

_PING: Final = "-"
_ORIGIN_BYTES: Final = 6
_PENDING_LIMIT: Final = 10_000
_QUEUE_LIMIT: Final = 1_000

log = structlog.stdlib.get_logger(__name__)


class Deaf(Exception):
    """Our own ping did not come back through Redis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to ping and how long to wait, in seconds."""

    ping: float = 0.4
    deaf: float = 1.5
    call: float = 2.0
    retry_first: float = 0.1
    retry_most: float = 2.0


class _Backend(RedisBackend):
    """Redis pub/sub that never connects by itself, can be closed in any state, and whose queue has a bound."""

    def __init__(self, url: str, *, call: float) -> None:
        super().__init__(url)
        # a listener that connects again while this is closed would leave that connection behind
        self._conn = Redis.from_url(url, socket_connect_timeout=call, retry=Retry(NoBackoff(), 0))  # pyright: ignore[reportUnknownMemberType]
        self._pubsub = self._conn.pubsub()  # pyright: ignore[reportUnknownMemberType]
        self._queue: asyncio.Queue[Event] = asyncio.Queue(_QUEUE_LIMIT)
        self._call = call

    @property
    def is_listening(self) -> bool:
        return self._listener is not None and not self._listener.done()

    async def unsubscribe(self, channel: str) -> None:
        """Do nothing: the connection ends with its only subscription."""

    async def disconnect(self) -> None:
        """Do nothing: broadcaster may not come this far, so whoever made this closes it."""

    async def close(self) -> None:
        """End the listener, then close both connections."""
        if self._listener is not None:
            await ended({self._listener})
        await closed(self._conn, within=self._call)


class Hints:
    """Tells other processes that a workspace moved, and local listeners when one did.

    `channel` is one name for a deployment. `redis_url` may be `redis://`, `rediss://` or `unix://`.
    """

    def __init__(self, redis_url: str, channel: str = "whatshybrid:hints", *, pace: Pace | None = None) -> None:
        self._url = redis_url
        self._channel = channel
        self._pace = pace or Pace()
        self._origin = secrets.token_hex(_ORIGIN_BYTES)
        self._listeners: list[Callable[[UUID], None]] = []
        self._pending: set[UUID] = set()
        self._wake = asyncio.Event()
        self._heard: float | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        """Whether our own voice came back through Redis lately."""
        return self._heard is not None and time.monotonic() - self._heard < self._pace.deaf

    async def start(self) -> None:
        """Begin to listen. Does not wait for Redis: hints work locally without it."""
        if self._supervisor is None:
            self._supervisor = asyncio.create_task(self._supervise(), name="hints")

    async def stop(self) -> None:
        """Stop listening; what was not sent yet is dropped."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            await asyncio.wait({supervisor}, timeout=3 * self._pace.call)
        self._heard = None

    def send(self, workspace_id: UUID) -> None:
        """Tell everybody that a workspace moved: local listeners now, other processes soon. Never blocks or raises."""
        if len(self._pending) < _PENDING_LIMIT:
            self._pending.add(workspace_id)
            self._wake.set()
        self._tell(workspace_id)

    def listen(self, callback: Callable[[UUID], None]) -> Callable[[], None]:
        """Call back for every hint, from here or elsewhere; return what ends it. The callback must not block."""
        self._listeners.append(callback)

        def unlisten() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)

        return unlisten

    def _tell(self, workspace_id: UUID) -> None:
        for callback in tuple(self._listeners):
            try:
                callback(workspace_id)
            except Exception:
                log.exception("a listener of hints failed")

    async def _supervise(self) -> None:
        delay = self._pace.retry_first
        while True:
            began = time.monotonic()
            try:
                await self._converse()
            except (Exception, asyncio.CancelledError) as error:
                # broadcaster may put an error of its own in the place of our cancellation
                if (task := asyncio.current_task()) is None or task.cancelling():
                    raise
                log.warning("hints are interrupted; subscribers poll meanwhile", reason=type(error).__name__)
            if time.monotonic() - began > self._pace.retry_most:
                delay = self._pace.retry_first
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            delay = min(delay * 2, self._pace.retry_most)

    async def _converse(self) -> None:
        """Hold one subscription until any part of it ends."""
        backend = _Backend(self._url, call=self._pace.call)
        broadcast = Broadcast(backend=backend)
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._pace.call):
                    await broadcast.connect()
                    stack.push_async_callback(broadcast.disconnect)
                    subscriber = await stack.enter_async_context(broadcast.subscribe(self._channel))
                parts = (self._read(subscriber), self._publish(broadcast), self._ping(broadcast), self._watch(backend))
                await first_end(*parts, name="hints")
        finally:
            self._heard = None
            await surely(backend.close())

    async def _read(self, subscriber: Subscriber) -> None:
        while True:
            event = await subscriber.get()
            origin, _, text = event.message.partition(" ")
            if origin == self._origin:
                self._heard = time.monotonic()
            elif text != _PING:
                with suppress(ValueError):
                    self._tell(UUID(hex=text))

    async def _publish(self, broadcast: Broadcast) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                workspace_id = self._pending.pop()
                async with asyncio.timeout(self._pace.call):
                    await broadcast.publish(self._channel, f"{self._origin} {workspace_id.hex}")

    async def _ping(self, broadcast: Broadcast) -> None:
        while True:
            async with asyncio.timeout(self._pace.call):
                await broadcast.publish(self._channel, f"{self._origin} {_PING}")
            await asyncio.sleep(self._pace.ping)

    async def _watch(self, backend: _Backend) -> None:
        began = time.monotonic()
        while backend.is_listening:
            await asyncio.sleep(self._pace.ping / 2)
            if time.monotonic() - (self._heard or began) > self._pace.deaf:
                raise Deaf
        raise Deaf
