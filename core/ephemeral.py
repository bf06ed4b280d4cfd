"""Who is where right now, between processes: nothing of it is stored, and all of it fades by itself.

Each process says every few seconds who is in which of its rooms; what is not said again is forgotten. So a process that
dies leaves nothing behind, and whoever comes asks the others to speak at once. Each message is the whole of what a
process knows of one room, so that a lost one does no harm. While nothing is heard, nothing is concluded or told.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

from core.errors import Unavailable
from core.voice import Voice

_SEATS: Final = 10_000
_ROOMS: Final = 20_000
_ORIGINS: Final = 200
SHOWN: Final = 50


class EphemeralFull(Unavailable):
    """This server holds all that it can: connect again in a while."""


class EphemeralClosed(Unavailable):
    """The server is stopping: connect again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times in seconds. `fade` is how long others are believed to be there, `mark` how long a mark lasts, `gather` how
    long changes are gathered before they are told.
    """

    beat: float = 3.0
    fade: float = 10.0
    mark: float = 6.0
    gather: float = 0.2
    look: float = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """Somebody in a room, by name, and whether they are marked as busy there."""

    name: str
    is_busy: bool = False


Members = tuple[Member, ...]


class Seat:
    """One place in a room. Taken while it is open; tells who else is there, and only the latest of it."""

    def __init__(self, ephemeral: "Ephemeral", room: str, name: str) -> None:
        self.room = room
        self.name = name
        self._ephemeral = ephemeral
        self._told: Members | None = None
        self._next: Members | None = None
        self._failure: Exception | None = None
        self._ready = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ephemeral.leave(self)

    async def get(self, timeout: float) -> Members | None:
        """Wait until the room is not as it was told last; None when it stays so for so many seconds, or is so again.

        Raises:
            EphemeralClosed: the server is stopping. Or whatever else this was ended with.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._ready.wait()
        self._ready.clear()
        if self._failure is not None:
            raise self._failure
        news, self._next = self._next, None
        self._told = self._told if news is None else news
        return news

    def offer(self, members: Members) -> None:
        """Take what the room is like now; what it was like before is of no interest any more."""
        self._next = None if members == self._told else members
        if self._next is not None:
            self._ready.set()

    def fail(self, failure: Exception) -> None:
        """End this with an error."""
        self._failure = failure
        self._ready.set()


@dataclass(slots=True)
class _Room:
    """What this process knows of a room: its own seats and marks, and what each other process said last.

    Marks, and what others said, hold until a moment.
    """

    seats: set[Seat] = field(default_factory=set[Seat])
    marks: dict[str, float] = field(default_factory=dict[str, float])
    others: dict[str, tuple[float, Members]] = field(default_factory=dict[str, tuple[float, Members]])

    @property
    def is_empty(self) -> bool:
        return not self.seats and not self.marks

    @property
    def own(self) -> Members:
        """Who is here by this process: seated, or by a mark alone."""
        names = {each.name for each in self.seats} | self.marks.keys()
        return tuple(Member(name, name in self.marks) for name in sorted(names)[:SHOWN])

    @property
    def all(self) -> Members:
        """Who is here by any process; busy when one of them says so."""
        busy: dict[str, bool] = {}
        for members in (self.own, *(each for _, each in self.others.values())):
            for member in members:
                busy[member.name] = busy.get(member.name, False) or member.is_busy
        return tuple(Member(name, busy[name]) for name in sorted(busy)[:SHOWN])

    def fade(self, now: float, *, is_hearing: bool) -> bool:
        """Forget what has run out; return whether anything did. What others said stays while nothing can be heard."""
        marks = {name: until for name, until in self.marks.items() if until > now}
        others = {each: said for each, said in self.others.items() if said[0] > now or not is_hearing}
        is_less = len(marks) < len(self.marks) or len(others) < len(self.others)
        self.marks, self.others = marks, others
        return is_less


class Ephemeral:
    """All rooms of one process."""

    def __init__(self, voice: Voice, *, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.seats = 0
        self._voice = voice
        self._rooms: dict[str, _Room] = {}
        self._changed: set[str] = set()
        self._unsaid: dict[str, bool] = {}
        self._unmarked: dict[str, set[str]] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_hearing(self) -> bool:
        """Whether other processes can be heard."""
        return self._voice.is_hearing

    @property
    def rooms(self) -> int:
        """How many rooms this process is in."""
        return len(self._rooms)

    async def start(self) -> None:
        """Begin. Does not wait for Redis."""
        if not self._tasks:
            await self._voice.start(self._hear, self._recover, self._words)
            parts = (self._turn(), self._fade(), self._beat())
            self._tasks = [asyncio.create_task(each, name="ephemeral") for each in parts]

    async def stop(self) -> None:
        """End every seat with `EphemeralClosed`, and fall silent: what others know of us fades."""
        tasks, self._tasks = self._tasks, []
        for seat in [seat for room in self._rooms.values() for seat in room.seats]:
            seat.fail(EphemeralClosed())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._voice.stop()

    def enter(self, room: str, name: str) -> Seat:
        """Take a seat in a room, until it is left.

        Raises:
            EphemeralClosed, EphemeralFull
        """
        if not self._tasks:
            raise EphemeralClosed
        if self.seats >= _SEATS:
            raise EphemeralFull
        seat = Seat(self, room, name)
        self.seats += 1
        here = self._rooms.setdefault(room, _Room())
        here.seats.add(seat)
        self._change(room, asks=len(here.seats) == 1)
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat up."""
        room = self._rooms.get(seat.room)
        if room is not None and seat in room.seats:
            self.seats -= 1
            room.seats.discard(seat)
            self._change(seat.room)

    def mark(self, room: str, name: str, *, is_busy: bool) -> None:
        """Say that somebody is busy in a room, seated or not, or is not any more. Not said again, it fades."""
        if not is_busy:
            self._unmarked.setdefault(room, set()).add(name)
            if room in self._rooms:
                self._rooms[room].marks.pop(name, None)
        elif room in self._rooms or len(self._rooms) < _ROOMS:
            self._rooms.setdefault(room, _Room()).marks[name] = time.monotonic() + self.pace.mark
        self._change(room)

    def _change(self, key: str, *, asks: bool = False) -> None:
        """Have a room's change told here, and said to others; forget a room that nobody is in."""
        room = self._rooms.get(key)
        if room is not None and room.is_empty:
            del self._rooms[key]
        self._changed.add(key)
        self._unsaid[key] = asks or self._unsaid.get(key, False)
        self._wake.set()

    async def _turn(self) -> None:
        """Tell and say what changed: at once, and then not again for a moment, so that changes gather."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            for key in changed:
                self._tell(key)
            if self.is_hearing:
                self._voice.speak()
            else:
                # whoever can be heard again says everything anew
                self._unsaid.clear()
                self._unmarked.clear()
            await asyncio.sleep(self.pace.gather)

    def _tell(self, key: str) -> None:
        room = self._rooms.get(key)
        if room is not None and self.is_hearing:
            members = room.all
            for seat in room.seats:
                seat.offer(members)

    async def _fade(self) -> None:
        while True:
            await asyncio.sleep(self.pace.look)
            now = time.monotonic()
            faded = [key for key, room in self._rooms.items() if room.fade(now, is_hearing=self.is_hearing)]
            for key in faded:
                self._change(key)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.pace.beat)
            for key in self._rooms:
                self._unsaid.setdefault(key, False)
            self._voice.speak()

    def _words(self) -> Iterator[dict[str, Any]]:
        """Yield what is to be said, until there is nothing more."""
        while self._unsaid:
            key, asks = self._unsaid.popitem()
            room = self._rooms.get(key)
            members = [] if room is None else [(each.name, each.is_busy) for each in room.own]
            unmarked = sorted(self._unmarked.pop(key, ()))
            yield {"room": key, "members": members, "asks": asks, "unmarked": unmarked}

    def _hear(self, origin: str, said: dict[str, Any]) -> None:
        """Take what another process says of a room."""
        key: str = said["room"]
        room = self._rooms.get(key)
        if room is None:
            return
        members = tuple(Member(str(name), bool(is_busy)) for name, is_busy in said["members"][:SHOWN])
        room.others.pop(origin, None)
        if members and len(room.others) < _ORIGINS:
            room.others[origin] = (time.monotonic() + self.pace.fade, members)
        gone = [name for name in said["unmarked"] if room.marks.pop(name, None) is not None]
        if gone or said["asks"]:
            self._change(key)
        self._changed.add(key)
        self._wake.set()

    def _recover(self) -> None:
        """Begin anew after a silence: believe what was known for a while more, ask, and tell what changed here."""
        until = time.monotonic() + self.pace.fade
        for key, room in self._rooms.items():
            room.others = {origin: (until, members) for origin, (_, members) in room.others.items()}
            self._changed.add(key)
            self._unsaid[key] = True
        self._wake.set()
