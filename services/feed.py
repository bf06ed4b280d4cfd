"""The event feed: one reader of the log a workspace that has subscribers here, and a bounded queue a subscriber.

A hint or the poll says that a workspace moved; one query reads what is new, and all its subscribers share the answer.
Numbers are dense, so every subscription checks that it gets each event once and in order. Who may hear of what is not
decided here but by whoever holds the subscription.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

import structlog

from core.database import Database
from core.errors import DomainError, Unavailable
from core.pubsub import Hints
from services import feed_log
from services.feed_log import Notice

__all__ = ["Feed", "FeedClosed", "Notice", "ResyncRequired", "Subscription", "TooManySubscribers"]

QUEUE_LIMIT: Final = 256
_READ_LIMIT: Final = 500
_POLL_BATCH: Final = 1_000

log = structlog.stdlib.get_logger(__name__)


class ResyncRequired(DomainError):
    """The events after this cursor are gone: load the current state, then subscribe after the new cursor."""

    code = "RESYNC_REQUIRED"

    def __init__(self, newest: int) -> None:
        super().__init__()
        self.newest = newest


class FeedClosed(Unavailable):
    """The server is stopping: connect again and subscribe after your last cursor."""

    retry_after: Final = 1.0


class TooManySubscribers(Unavailable):
    """This server has all the subscribers it can serve: connect again in a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the feed waits, in seconds, and how much it does at once."""

    poll: float = 1.0
    read: float = 5.0
    readers: int = 4
    subscribers: int = 10_000


class Subscription:
    """One reader's place in a workspace's log. Iterating yields notices in order; a slow reader falls behind, not out.

    While it is live, the room puts notices into its queue. When the queue is full it is cut off, and reads on for
    itself from its own place until it has caught up.
    """

    def __init__(self, feed: "Feed", room: "_Room", position: int) -> None:
        self._feed = feed
        self._room = room
        self._position = position
        self._queue: deque[Notice] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._failure: DomainError | None = None
        self._is_closed = False
        self._is_live = position >= room.position

    @property
    def is_live(self) -> bool:
        """Whether it is fed from the shared reader rather than catching up."""
        return self._is_live

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notice:
        """Wait for the next notice, for ever. May be cancelled without losing one.

        Raises:
            ResyncRequired: events after this reader's place were deleted.
            FeedClosed: the server is stopping.
        """
        while True:
            if self._queue:
                return self._queue.popleft()
            if self._failure is not None:
                raise self._failure
            if self._is_closed:
                raise StopAsyncIteration
            if not self._is_live:
                await self._catch_up()
                continue
            await self._woken()

    async def get(self, timeout: float) -> Notice | None:
        """Wait for the next notice; return None when it stays quiet for so many seconds."""
        try:
            async with asyncio.timeout(timeout):
                return await anext(self)
        except TimeoutError:
            return None

    def close(self) -> None:
        """Give up the place."""
        if not self._is_closed:
            self._is_closed = True
            self._room.members.discard(self)
            self._feed.left(self._room)
            self._wake()

    def offer(self, notices: Sequence[Notice]) -> None:
        """Take what the room read; called by the room, only while this is live."""
        for notice in notices:
            if notice.seq <= self._position:
                continue
            if len(self._queue) >= QUEUE_LIMIT:
                self._is_live = False
                break
            if not self._accept(notice):
                break
        self._wake()

    def fail(self, failure: DomainError) -> None:
        """End this with an error, after what is queued."""
        self._failure = failure
        self._wake()

    async def _woken(self) -> None:
        """Wait for `_wake`. A future costs half of what an Event does, and thousands may wait for the same notice."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _accept(self, notice: Notice) -> bool:
        if notice.seq != self._position + 1:
            self.fail(ResyncRequired(notice.seq))
            return False
        self._position = notice.seq
        self._queue.append(notice)
        return True

    async def _catch_up(self) -> None:
        room = self._room
        # taken before the read: what the room reads meanwhile is no proof that anything is missing
        goal = room.position
        try:
            notices = await self._feed.read(room.workspace_id, self._position, QUEUE_LIMIT)
            if not notices and self._position < goal:
                newest = (await self._feed.extent(room.workspace_id)).head
                self.fail(ResyncRequired(newest))
                return
        except Exception as error:
            if isinstance(error, DomainError):
                raise
            log.warning("a subscriber cannot catch up yet", reason=type(error).__name__)
            await asyncio.sleep(self._feed.pace.poll)
            return
        for notice in notices:
            if not self._accept(notice):
                return
        self._is_live = self._position >= room.position


class _Room:
    """A workspace with subscribers here. `position` is how far its live members have been served."""

    def __init__(self, workspace_id: UUID, position: int) -> None:
        self.workspace_id = workspace_id
        self.position = position
        self.members: set[Subscription] = set()
        self.moved = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Feed:
    """Hands a workspace's events to its subscribers in this process."""

    def __init__(self, database: Database, hints: Hints, *, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._database = database
        self._hints = hints
        self._rooms: dict[UUID, _Room] = {}
        self._count = 0
        self._reading = asyncio.Semaphore(self.pace.readers)
        self._poller: asyncio.Task[None] | None = None
        self._unlisten = lambda: None

    @property
    def subscribers(self) -> int:
        """How many subscriptions are open."""
        return self._count

    async def start(self) -> None:
        """Begin to serve."""
        if self._poller is None:
            self._unlisten = self._hints.listen(self._moved)
            self._poller = asyncio.create_task(self._poll(), name="feed")

    async def stop(self) -> None:
        """End every subscription with `FeedClosed`."""
        self._unlisten()
        poller, self._poller = self._poller, None
        tasks = [room.task for room in self._rooms.values() if room.task is not None]
        for room in self._rooms.values():
            for member in room.members:
                member.fail(FeedClosed())
        for task in (*tasks, *([poller] if poller is not None else [])):
            task.cancel()
        await asyncio.gather(*tasks, *([poller] if poller is not None else []), return_exceptions=True)

    async def subscribe(self, workspace_id: UUID, after: int | None) -> Subscription:
        """Open a place after a number (see `feed_cursor`), or at the end of the log when `after` is None.

        Raises:
            ResyncRequired: the events after that number are gone, or were never there (a restored backup).
            Unavailable: the server is stopping or full, or the database does not answer.
        """
        self._require_room()
        try:
            extent = await self.extent(workspace_id)
        except TimeoutError as error:
            raise Unavailable from error
        if after is not None and not extent.floor <= after <= extent.head:
            raise ResyncRequired(extent.head)
        self._require_room()
        self._count += 1
        room = self._rooms.get(workspace_id)
        if room is None:
            room = self._rooms[workspace_id] = _Room(workspace_id, extent.head)
            room.task = asyncio.create_task(self._serve(room), name="feed room")
        subscription = Subscription(self, room, extent.head if after is None else after)
        room.members.add(subscription)
        return subscription

    def left(self, room: _Room) -> None:
        """Close a room that has no members; called by a subscription that is given up."""
        self._count -= 1
        if not room.members and self._rooms.get(room.workspace_id) is room:
            del self._rooms[room.workspace_id]
            if room.task is not None:
                room.task.cancel()

    async def read(self, workspace_id: UUID, after: int, limit: int) -> Sequence[Notice]:
        """Read on in a log, a few readers at a time."""
        async with asyncio.timeout(self.pace.read), self._reading:
            return await feed_log.read(self._database, workspace_id, after, limit)

    async def extent(self, workspace_id: UUID) -> feed_log.Extent:
        """Look up which part of a log exists, a few readers at a time."""
        async with asyncio.timeout(self.pace.read), self._reading:
            return await feed_log.extent(self._database, workspace_id)

    async def prune(self, before: datetime) -> int:
        """Delete events older than a moment; return how many went."""
        return await feed_log.prune(self._database, before)

    def _require_room(self) -> None:
        if self._poller is None:
            raise FeedClosed
        if self._count >= self.pace.subscribers:
            raise TooManySubscribers

    def _moved(self, workspace_id: UUID) -> None:
        room = self._rooms.get(workspace_id)
        if room is not None:
            room.moved.set()

    async def _serve(self, room: _Room) -> None:
        while True:
            await room.moved.wait()
            room.moved.clear()
            try:
                await self._advance(room)
            except Exception as error:  # noqa: BLE001  (the poll sets `moved` again)
                log.warning("the event log cannot be read; the poll tries again", reason=type(error).__name__)

    async def _advance(self, room: _Room) -> None:
        while True:
            notices = await self.read(room.workspace_id, room.position, _READ_LIMIT)
            if not notices:
                return
            room.position = notices[-1].seq
            for member in tuple(room.members):
                if member.is_live:
                    member.offer(notices)
            if len(notices) < _READ_LIMIT:
                return

    async def _poll(self) -> None:
        """Notice by ourselves what no hint told: one look at the ends of all logs with subscribers."""
        while True:
            await asyncio.sleep(self.pace.poll)
            rooms = tuple(self._rooms.values())
            for start in range(0, len(rooms), _POLL_BATCH):
                part = rooms[start : start + _POLL_BATCH]
                try:
                    async with asyncio.timeout(self.pace.read):
                        heads = await feed_log.heads(self._database, [room.workspace_id for room in part])
                except Exception as error:  # noqa: BLE001  (the next round tries again)
                    log.warning("the ends of the event logs cannot be read", reason=type(error).__name__)
                    break
                for room in part:
                    if heads.get(room.workspace_id, 0) > room.position:
                        room.moved.set()
