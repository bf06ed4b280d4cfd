"""Suggestions on their way: each is written once, by a task of its own, for whoever follows it.

Who leaves on purpose ends it; who is dropped has a while to come back, here or at another process.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from core.errors import DomainError, Unavailable
from core.ground import Ground
from core.ids import uuid7
from core.security.vault import SealBroken
from services.access import Actor
from services.assistant.copilot import claims, mirror
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.events import Delta, Event, Failed, Numbered, merged
from services.assistant.copilot.mirror import Mirror
from services.assistant.errors import RequestReused, StreamGone, StreamsFull

_MOST: Final = 2_000
_EVENTS: Final = 20_000
_STOP: Final = 5.0


class Begun(Protocol):
    """A suggestion that is to be written."""

    @property
    def id(self) -> UUID:
        """The suggestion's."""
        ...

    async def is_shown(self) -> bool:
        """Tell whether anybody has seen a piece of it, or is about to."""
        ...


Write = Callable[[Begun], AsyncGenerator[Event]]
"""Makes the events of a suggestion."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times in seconds. `grace` is how long whoever was dropped may stay away, `flush` how often other processes are
    told, `beat` how often when there is nothing to tell. `each` is how many streams a person may follow at once.
    """

    grace: float = 15.0
    flush: float = 0.1
    beat: float = 1.0
    each: int = 5


class StreamsStopped(Unavailable):
    """The server is stopping: connect again, and send the same request with what you have seen."""


class Stream:
    """One suggestion of this process."""

    def __init__(self, ground: Ground, actor: Actor, asked: Asked, stream_id: UUID, pace: Pace) -> None:
        self.id = stream_id
        self.actor = actor
        self.asked = asked
        self.followers = 0
        self._watching = 0
        self._was_seen = False
        self._ground = ground
        self._pace = pace
        self._events: list[Numbered] = []
        self._waiting: set[asyncio.Event] = set()
        self._ended_because: str | None = None
        self._is_begun = False
        self._told = Mirror(ground, actor, stream_id)
        self._work: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether its last event is here."""
        return bool(self._events) and self._events[-1].is_last

    def begin(self, write: Write) -> asyncio.Task[None]:
        """Begin to write."""
        self._work = asyncio.create_task(self._live(write), name="a suggestion")
        return self._work

    def end(self, why: str) -> None:
        """Stop writing, for a reason that whoever still follows is told."""
        if self._work is not None and not self.is_over and self._ended_because is None:
            self._ended_because = why
            if self._is_begun:
                self._work.cancel()

    @property
    def is_followed(self) -> bool:
        """Whether somebody follows it, here or through Redis."""
        return self.followers > 0 or self._told.is_followed

    async def is_shown(self) -> bool:
        """Tell whether anybody has seen a piece of it, or is about to, here or at another process."""
        return self._was_seen or self._watching > 0 or await mirror.is_shown(self._ground, self.actor, self.id)

    @property
    def work(self) -> asyncio.Task[None] | None:
        """What writes it."""
        return self._work

    async def follow(self, after: int, *, shows: bool) -> AsyncGenerator[Numbered]:
        """Yield events behind a place as they come, until the last one. Whoever is behind gets pieces joined. Whoever
        follows `shows` the pieces, or waits for all of them.
        """
        news, place = asyncio.Event(), min(max(after, 0), len(self._events))
        self._waiting.add(news)
        self._watching += shows
        try:
            while True:
                batch, place = self._events[place:], len(self._events)
                for each in merged(batch):
                    self._was_seen = self._was_seen or (shows and isinstance(each.event, Delta))
                    yield each
                if place == len(self._events):
                    if self.is_over:
                        return
                    await news.wait()
                    news.clear()
        finally:
            self._watching -= shows
            self._waiting.discard(news)

    async def _live(self, write: Write) -> None:
        """Write, and tell other processes meanwhile."""
        telling = asyncio.create_task(self._tell(), name="a suggestion's mirror")
        try:
            await self._write(write)
        finally:
            # whoever has seen its end may ask for the next one, or send the same again, at once
            is_void = await self._is_void()
            await claims.release(self._ground.redis, self.actor, self.asked, self.id, is_void=is_void)
            # the mirror ends by itself behind the last event
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP):
                    await telling

    async def _is_void(self) -> bool:
        """Tell whether nobody got anything: the same request may then be sent again, and is asked anew."""
        last = self._events[-1].event if self._events else None
        is_lost = self.asked.is_whole and isinstance(last, Failed) and last.retryable
        return is_lost and not await self.is_shown()

    async def _write(self, write: Write) -> None:
        self._is_begun = True
        if self._ended_because is not None:
            self._add(self._stopped())
            return
        try:
            async with aclosing(write(self)) as events:
                async for event in events:
                    self._add(event)
                    # each piece is heard as it comes, by all who follow
                    await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._add(self._stopped())
        except DomainError as error:
            is_retryable = isinstance(error, Unavailable)
            self._add(Failed(code=error.code, message=error.message, retryable=is_retryable, field=error.field))
        except Exception:
            log.exception("a suggestion failed", stream=str(self.id))
            self._add(Failed(code=DomainError.code, message="Something went wrong on our side.", retryable=True))

    def _stopped(self) -> Failed:
        why = self._ended_because or "STOPPED"
        message = {"SUPERSEDED": "A newer request took its place.", "CANCELLED": "Nobody follows it any more."}
        # two that both asked again would take each other's place for ever
        is_retryable = why != "SUPERSEDED"
        return Failed(code=why, message=message.get(why, "The server stops: ask again."), retryable=is_retryable)

    def _add(self, event: Event) -> None:
        if self.is_over:
            return
        if len(self._events) >= _EVENTS and isinstance(event, Delta):
            raise OverflowError("a suggestion has too many pieces")
        self._events.append(Numbered(seq=len(self._events) + 1, event=event))
        for each in self._waiting:
            each.set()

    async def _tell(self) -> None:
        """Tell other processes, and end when they say so."""
        news = asyncio.Event()
        self._waiting.add(news)
        place = 0
        try:
            # the claim said that it is alive, and there is nothing to tell before a model is asked
            await asyncio.sleep(self._pace.flush)
            while True:
                batch, place = self._events[place:], len(self._events)
                why = await self._told.tell(batch)
                if batch and batch[-1].is_last:
                    return
                if why is not None:
                    self.end(why)
                await asyncio.sleep(self._pace.flush)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.beat):
                        await news.wait()
                news.clear()
        finally:
            self._waiting.discard(news)


class Streams:
    """All suggestions that this process writes."""

    def __init__(self, ground: Ground, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._ground = ground
        self._here: dict[UUID, Stream] = {}
        self._leaving: set[asyncio.TimerHandle] = set()
        self._is_stopped = False

    @property
    def running(self) -> int:
        """How many are written right now."""
        return len(self._here)

    async def stop(self) -> None:
        """End all of them; what came is settled."""
        self._is_stopped = True
        for each in self._leaving:
            each.cancel()
        works = {each for stream in self._here.values() if (each := stream.work) is not None}
        for stream in list(self._here.values()):
            stream.end("STOPPED")
        if works:
            await asyncio.wait(works, timeout=_STOP)

    async def follow(
        self, actor: Actor, asked: Asked, write: Write, *, after: int, is_dropped: Callable[[], bool]
    ) -> AsyncGenerator[Numbered]:
        """Begin a suggestion, or go on with the one that the same request began, and yield its events behind a place.

        `is_dropped` says, when whoever follows is gone, whether they were dropped rather than left.

        Raises:
            StreamsFull: the actor follows as many as they may.
            StreamGone: the request's events are not kept any more.
            RequestReused: another request had the same name.
            StreamsStopped: the server is stopping.
        """
        found = await self._found(actor, asked, write)
        if isinstance(found, UUID):
            read = mirror.read(self._ground, actor, found, after, shows=not asked.is_whole)
            async with aclosing(self._elsewhere(actor, found, read, is_dropped)) as events:
                async for each in events:
                    yield each
            return
        found.followers += 1
        try:
            async with aclosing(found.follow(after, shows=not asked.is_whole)) as events:
                async for each in events:
                    yield each
        finally:
            found.followers -= 1
            self._left(found, dropped=is_dropped())

    async def _found(self, actor: Actor, asked: Asked, write: Write) -> Stream | UUID:
        """Return the stream of a request: one of this process, or the id of another's."""
        if self._is_stopped:
            raise StreamsStopped
        stream_id = uuid7()
        claim = await claims.claim(self._ground.redis, actor, asked, stream_id, self.pace.each)
        if claim.is_other:
            raise RequestReused(field=("client_request_id",))
        if claim.before is not None:
            return self._here.get(claim.before) or claim.before
        if claim.is_full:
            raise StreamsFull
        if len(self._here) >= _MOST:
            await claims.release(self._ground.redis, actor, asked, stream_id, is_void=True)
            raise StreamsFull
        if claim.superseded is not None and claim.superseded in self._here:
            self._here[claim.superseded].end("SUPERSEDED")
        stream = self._here[stream_id] = Stream(self._ground, actor, asked, stream_id, self.pace)
        stream.begin(write).add_done_callback(lambda _: self._here.pop(stream_id, None))
        return stream

    async def _elsewhere(
        self, actor: Actor, stream_id: UUID, read: AsyncGenerator[Numbered], is_dropped: Callable[[], bool]
    ) -> AsyncGenerator[Numbered]:
        """Yield what another process writes, or this one wrote."""
        is_over = False
        try:
            if not await mirror.is_kept(self._ground, actor, stream_id):
                is_over = True
                raise StreamGone
            async with aclosing(read) as events:
                async for each in events:
                    is_over = each.is_last
                    yield each
        except (RedisError, OSError, TimeoutError) as error:
            is_over = True
            raise Unavailable from error
        except SealBroken:
            is_over = True
            raise StreamGone from None
        finally:
            if not is_over and not is_dropped():
                await mirror.end(self._ground.redis, stream_id, "CANCELLED")

    def _left(self, stream: Stream, *, dropped: bool) -> None:
        """End a stream that nobody follows: after a while when the last one was dropped, and can ask for it by the
        request's name; else at once.
        """
        if stream.followers or stream.is_over:
            return
        if dropped and stream.asked.client_request_id is not None:
            self._wait_for(stream)
        else:
            stream.end("CANCELLED")

    def _wait_for(self, stream: Stream) -> None:
        """Give whoever followed a stream some time to come back, and longer while they follow it from elsewhere."""

        def give_up() -> None:
            self._leaving.discard(timer)
            if stream.followers or stream.is_over:
                return
            if stream.is_followed:
                self._wait_for(stream)
            else:
                stream.end("CANCELLED")

        timer = asyncio.get_running_loop().call_later(self.pace.grace, give_up)
        self._leaving.add(timer)
