"""All sockets of one process: how many there may be, and their end when the process stops. Streams over HTTP are
counted with them.
"""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from services.access import Identity

_END: Final = 2.0
_LAST_WORDS: Final = 0.5


class SocketsFull(Exception):
    """There are as many sockets of this kind as there may be. Its text says of which."""


class SocketsEnding(Exception):
    """The process stops, and opens no more sockets."""


class Ending(Protocol):
    """A socket that can be asked to end."""

    def stop(self) -> None:
        """End in order, soon."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """How many sockets a person, an address and a workspace may have in one process, and what one socket may do.

    Times are in seconds. `init` is how long a client may take to introduce itself, `keepalive` how often the server
    pings, `look` how often session and membership are looked at, and `patience` how long a frame may wait for a client
    to read. Messages come in bursts of `burst`, and `per_second` on the whole.
    """

    user: int = 50
    address: int = 500
    workspace: int = 2_000
    operations: int = 20
    burst: int = 100
    per_second: float = 30.0
    init: float = 5.0
    keepalive: float = 20.0
    look: float = 15.0
    patience: float = 30.0


class Sockets:
    """The sockets that are open."""

    def __init__(self, limits: SocketLimits) -> None:
        self._limits = limits
        self._counts: Counter[str] = Counter()
        self._open: set[Ending] = set()
        self._streams: set[asyncio.Task[object]] = set()
        self._operations: set[asyncio.Task[object]] = set()
        self._is_stopping = False
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, socket: Ending, address: str) -> list[str]:
        """Count a socket from now on; return the places that it has, for `close`.

        Raises:
            SocketsFull: its address has too many.
            SocketsEnding: the process stops.
        """
        if self._is_stopping:
            raise SocketsEnding
        places: list[str] = []
        self._take(places, f"address:{address}", self._limits.address, "address")
        self._open.add(socket)
        return places

    def hold(self, places: list[str], caller: Identity | None) -> None:
        """Count a socket or stream for its person and their workspace, too.

        Raises:
            SocketsFull: they have too many. What was taken until then is in `places`.
        """
        if caller is None:
            return
        self._take(places, f"user:{caller.user_id}", self._limits.user, "person")
        if caller.actor is not None:
            key = f"workspace:{caller.actor.workspace_id}"
            self._take(places, key, self._limits.workspace, "workspace")

    def close(self, socket: Ending, places: list[str]) -> None:
        """Forget a socket."""
        self._give_back(places)
        self._open.discard(socket)
        self._changed.set()

    @contextmanager
    def streaming(self, address: str, caller: Identity | None) -> Generator[None]:
        """Count a stream over HTTP while it lasts.

        Raises:
            SocketsFull: its address, its person or their workspace has too many.
        """
        places: list[str] = []
        me = asyncio.current_task()
        try:
            self._take(places, f"address:{address}", self._limits.address, "address")
            self.hold(places, caller)
            if me is not None:
                self._streams.add(me)
            yield
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
        finally:
            self._give_back(places)
            if me is not None:
                self._streams.discard(me)

    def arriving(self) -> "Held":
        """Hold a request whose body arrives: when the process stops, nobody waits for the rest, and leaving the block
        raises `SocketsEnding`.
        """
        return Held(self, self._streams)

    def operating(self) -> "Held":
        """Hold an operation that is answered as a whole: when the process stops, it has a moment to come to its end. If
        it was not over in time, leaving the block raises `SocketsEnding`.
        """
        return Held(self, self._operations)

    def _take(self, places: list[str], key: str, most: int, what: str) -> None:
        if self._counts[key] >= most:
            raise SocketsFull(f"Too many sockets and streams of one {what}: end some of them")
        self._counts[key] += 1
        places.append(key)

    def _give_back(self, places: list[str]) -> None:
        for key in places:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]

    @property
    def is_stopping(self) -> bool:
        """Whether the process stops."""
        return self._is_stopping

    @property
    def limits(self) -> SocketLimits:
        """How many there may be."""
        return self._limits

    async def end_streams(self) -> None:
        """Wait a moment for streams that have nothing more to come and operations that are being answered. End streams
        that nobody reads, then operations that take longer.
        """
        for late in (self._streams, self._streams | self._operations):
            if running := self._streams | self._operations:
                await asyncio.wait(running, timeout=_LAST_WORDS)
            for each in late & (self._streams | self._operations):
                each.cancel()

    async def stop(self) -> None:
        """End all of them, within some seconds."""
        self._is_stopping = True
        for each in tuple(self._open):
            each.stop()
        try:
            async with asyncio.timeout(_END):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return


class Held(AbstractContextManager[None]):
    """Holds the task of a request among those that are ended in order."""

    __slots__ = ("_among", "_sockets", "_task")

    def __init__(self, sockets: Sockets, among: set[asyncio.Task[object]]) -> None:
        self._sockets = sockets
        self._among = among
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        if self._task is not None:
            self._among.add(self._task)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._task is not None:
            self._among.discard(self._task)
        if kind is not None and issubclass(kind, asyncio.CancelledError) and self._sockets.is_stopping:
            raise SocketsEnding from None
