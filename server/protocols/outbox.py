"""What waits to be written to one socket: bounded, in order, and given up when nobody reads."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

Write = Callable[[str], Awaitable[None]]

LIMIT: Final = 64


class NobodyReads(Exception):
    """A frame could not be written for too long."""


class Outbox:
    """A queue of frames and the one task that writes them. Whoever puts waits while it is full, and so falls behind."""

    def __init__(self, write: Write, patience: float) -> None:
        self._write = write
        self._patience = patience
        self._frames: deque[str] = deque()
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def is_full(self) -> bool:
        """Whether whoever puts has to wait."""
        return len(self._frames) >= LIMIT

    async def put(self, frame: str) -> None:
        """Put a frame behind the others, when there is room."""
        while self.is_full:
            self._room.clear()
            await self._room.wait()
        self._frames.append(frame)
        self._empty.clear()
        self._more.set()

    async def drained(self, seconds: float) -> None:
        """Wait until all is written, for so many seconds at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Write for ever.

        Raises:
            NobodyReads: a frame could not be written in the time that there was for it.
        """
        while True:
            while self._frames:
                try:
                    async with asyncio.timeout(self._patience):
                        await self._write(self._frames[0])
                except TimeoutError:
                    raise NobodyReads from None
                self._frames.popleft()
                self._room.set()
            self._empty.set()
            self._more.clear()
            await self._more.wait()
