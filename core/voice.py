"""A line between processes over Redis pub/sub, which notices when it is dead, and begins again by itself.

One channel for a deployment, one subscription a process. What is said may be lost, and is not kept: whoever uses this
says everything anew when it `recovered`. `core.pubsub` is for hints that a workspace moved; this is for what is nowhere
else, such as who is there.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.endings import closed, ended, first_end, surely

_ORIGIN_BYTES: Final = 6
_STOP: Final = 2.0

Words = dict[str, Any]

log = structlog.stdlib.get_logger(__name__)


class Deaf(Exception):
    """Our own voice did not come back through Redis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to make oneself heard, and how long to wait, in seconds."""

    ping: float = 0.5
    deaf: float = 2.0
    call: float = 2.0
    retry_first: float = 0.1
    retry_most: float = 2.0


class Voice:
    """Says what there is to say, and hears what others say. `redis_url` may be `redis://`, `rediss://` or `unix://`."""

    def __init__(self, redis_url: str, channel: str = "whatshybrid:voice", *, pace: Pace | None = None) -> None:
        self._url = redis_url
        self._channel = channel
        self._pace = pace or Pace()
        self._origin = secrets.token_hex(_ORIGIN_BYTES)
        self._heard: float | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._hear: Callable[[str, Words], None] = lambda _origin, _said: None
        self._recovered: Callable[[], None] = lambda: None
        self._words: Callable[[], Iterator[Words]] = lambda: iter(())

    @property
    def is_hearing(self) -> bool:
        """Whether our own voice came back through Redis lately."""
        return self._heard is not None and time.monotonic() - self._heard < self._pace.deaf

    async def start(
        self,
        hear: Callable[[str, Words], None],
        recovered: Callable[[], None],
        words: Callable[[], Iterator[Words]],
    ) -> None:
        """Begin; does not wait for Redis. `hear` gets who speaks and what; `words` is asked for all that is to be said
        after each `speak`. None of them may block.
        """
        self._hear, self._recovered, self._words = hear, recovered, words
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name="voice")

    async def stop(self) -> None:
        """Fall silent."""
        task, self._task = self._task, None
        if task is not None:
            # its parts and its connections have their time within this
            await ended({task}, again=_STOP)
        self._heard = None

    def speak(self) -> None:
        """Have said what there is to say, soon."""
        self._ready.set()

    async def _supervise(self) -> None:
        delay = self._pace.retry_first
        while True:
            began = time.monotonic()
            try:
                await self._converse()
            except Exception as error:  # noqa: BLE001  (whatever it was, it begins again)
                log.warning("other processes cannot be heard", reason=type(error).__name__)
            if time.monotonic() - began > self._pace.retry_most:
                delay = self._pace.retry_first
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            delay = min(delay * 2, self._pace.retry_most)

    async def _converse(self) -> None:
        """Hold one subscription until any part of it ends."""
        call = self._pace.call
        redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            self._url, socket_timeout=call, socket_connect_timeout=call, retry=Retry(NoBackoff(), 0)
        )
        pubsub: Any = redis.pubsub()  # pyright: ignore[reportUnknownMemberType]
        try:
            async with asyncio.timeout(call):
                await pubsub.subscribe(self._channel)
            parts = (self._listen(pubsub), self._say(redis), self._ping(redis), self._watch())
            await first_end(*parts, name="voice")
        finally:
            self._heard = None
            await surely(closed(redis, within=call))

    async def _listen(self, pubsub: Any) -> None:
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=self._pace.deaf)
            if message is not None:
                # a message of another release, or of somebody else, is none
                with suppress(ValueError, TypeError, KeyError, AttributeError):
                    self._take(orjson.loads(message["data"]))

    def _take(self, said: Words) -> None:
        origin: str = said["from"]
        if origin != self._origin:
            if len(said) > 1:
                self._hear(origin, said)
            return
        was_hearing = self.is_hearing
        self._heard = time.monotonic()
        if not was_hearing:
            self._recovered()

    async def _say(self, redis: Redis) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            for each in self._words():
                await self._publish(redis, each)

    async def _ping(self, redis: Redis) -> None:
        while True:
            await self._publish(redis, {})
            await asyncio.sleep(self._pace.ping)

    async def _watch(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(self._pace.ping)
            if time.monotonic() - (self._heard or began) > self._pace.deaf:
                raise Deaf

    async def _publish(self, redis: Any, said: Words) -> None:
        async with asyncio.timeout(self._pace.call):
            await redis.publish(self._channel, orjson.dumps({"from": self._origin, **said}))
