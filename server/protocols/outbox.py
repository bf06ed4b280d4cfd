"""What waits to be written to one socket: bounded, in order, and given up when nobody reads."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

Write = Callable[[str], Awaitable[None]]

LIMIT: Final = 64
_LOOKS: Final = 4


class NobodyReads(Exception):
    """A frame could not be written for too long."""


class Outbox:
    """A queue of frames. Whoever puts one while nothing is being written writes it at once, and what comes meanwhile.

    Whoever puts waits while it is full, and so falls behind. `patience` is in seconds, for one frame.
    """

    # there may be thousands of them, and most are idle: what only a busy one needs is made when it is
    __slots__ = ("_frames", "_is_closed", "_patience", "_progress", "_successor", "_write", "_writing_since")

    def __init__(self, write: Write, patience: float) -> None:
        self._write = write
        self._patience = patience
        self._frames: list[str] = []
        self._writing_since: float | None = None
        self._successor: asyncio.Task[None] | None = None
        self._is_closed = False
        self._progress: asyncio.Event | None = None

    @property
    def is_full(self) -> bool:
        """Whether whoever puts has to wait."""
        return len(self._frames) >= LIMIT

    async def put(self, frame: str) -> None:
        """Put a frame behind the others, when there is room; drop it when the client has gone."""
        while self.is_full:
            await self._progressed()
        if self._is_closed:
            return
        self._frames.append(frame)
        if self._writing_since is None:
            await self._flush()

    def close(self) -> None:
        """Give up: nothing more is written, and nobody waits."""
        self._is_closed = True
        self._frames.clear()
        self._tell()
        if self._successor is not None:
            self._successor.cancel()

    async def drained(self, seconds: float) -> None:
        """Wait until all is written, for so many seconds at most."""
        try:
            async with asyncio.timeout(seconds):
                while self._frames:
                    await self._progressed()
        except TimeoutError:
            return

    @property
    def look(self) -> float:
        """How often, in seconds, somebody has to `check`."""
        return self._patience / _LOOKS

    def check(self) -> None:
        """Look whether what is written is read.

        Raises:
            NobodyReads: a frame could not be written in the time that there was for it.
        """
        since = self._writing_since
        if since is not None and time.monotonic() - since >= self._patience:
            raise NobodyReads

    async def _flush(self) -> None:
        """Write all there is. An operation that is cancelled while it writes leaves the rest to a task of its own."""
        try:
            while self._frames:
                self._writing_since = time.monotonic()
                await self._write(self._frames[0])
                if not self._is_closed:
                    self._frames.pop(0)
                self._tell()
        except asyncio.CancelledError:
            if not self._is_closed:
                self._successor = asyncio.create_task(self._flush(), name="socket writer")
            raise
        except OSError:
            # the client has gone, which whoever reads from it is told too
            self.close()
        self._writing_since = None

    async def _progressed(self) -> None:
        """Wait until something was written, or given up."""
        if self._progress is None:
            self._progress = asyncio.Event()
        self._progress.clear()
        await self._progress.wait()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress.set()
