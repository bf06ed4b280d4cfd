"""Keeps the night shift going: begins the loop again whatever ended it, notices when it hangs, drains it at the end.

Exit codes and exceptions of the queue are not trusted: after a restart of PostgreSQL it may end cleanly, raise, or stay
alive and never ask for another job. So any end is a reason to begin again, and silence is a reason to begin anew.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.ground import Ground
from services import jobs
from workers import topics
from workers.loop import Loop
from workers.pace import Pace

_STATS_TIMEOUT: Final = 2.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How the workers are. Counts are None when the database does not answer."""

    running: bool
    last_dequeue_age: float | None
    queued: int | None
    held: int | None


class Workers:
    """The night shift of this process.

    `url` is a PostgreSQL address of a login that may take the system role. When the loop hangs, `on_hang` is called
    (the stand-alone process exits there); without it, the loop is given up and begun anew.
    """

    def __init__(
        self, ground: Ground, url: str, *, pace: Pace | None = None, on_hang: Callable[[], None] | None = None
    ) -> None:
        self._ground = ground
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._pace = pace or Pace()
        self._on_hang = on_hang
        self._loop: Loop | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._is_stopping = asyncio.Event()
        self._asked_at: float | None = None
        self.topics = topics.TOPICS

    async def start(self) -> None:
        """Begin to work. Does not wait for the database."""
        if self._supervisor is None:
            self._is_stopping.clear()
            self._supervisor = asyncio.create_task(self._supervise(), name="workers")

    async def stop(self, grace: float | None = None) -> None:
        """Claim no more jobs, wait for those that run, then interrupt them: they go back into the queue."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        self._is_stopping.set()
        if self._loop is not None:
            self._loop.drain()
        await asyncio.wait({supervisor}, timeout=self._pace.grace if grace is None else grace)
        if not supervisor.done() and self._loop is not None:
            log.warning("jobs did not end in time; they go back into the queue")
            self._loop.interrupt()
            await asyncio.wait({supervisor}, timeout=self._pace.last_wait)
        supervisor.cancel()
        await asyncio.wait({supervisor}, timeout=self._pace.last_wait)

    async def stats(self) -> Stats:
        """Tell how the workers are."""
        asked_at = (self._loop.asked_at if self._loop is not None else None) or self._asked_at
        age = None if asked_at is None else time.monotonic() - asked_at
        try:
            async with asyncio.timeout(_STATS_TIMEOUT), self._ground.database.system() as session:
                backlog = await jobs.backlog(session)
        except (TimeoutError, OSError, SQLAlchemyError):
            backlog = None
        return Stats(
            running=self._supervisor is not None and age is not None and age < self._pace.hang,
            last_dequeue_age=age,
            queued=backlog and backlog.queued,
            held=backlog and backlog.held,
        )

    async def _supervise(self) -> None:
        delay = self._pace.retry_first
        while not self._is_stopping.is_set():
            began = time.monotonic()
            self._loop = loop = Loop(self._ground, self._url, self._pace)
            reason = await self._run(loop)
            self._asked_at = loop.asked_at or self._asked_at
            if self._is_stopping.is_set():
                return
            log.warning("the workers' loop ended; it is begun again", reason=reason)
            if time.monotonic() - began > self._pace.retry_most:
                delay = self._pace.retry_first
            await self._pause(delay * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            delay = min(delay * 2, self._pace.retry_most)

    async def _run(self, loop: Loop) -> str:
        """Run a loop to its end or until it hangs; return why it ended."""
        running = asyncio.create_task(loop.run(), name="workers loop")
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=self._pace.watch)
                if not running.done() and loop.quiet_for > self._pace.hang and not self._is_stopping.is_set():
                    log.error("the workers' loop hangs", quiet_for=round(loop.quiet_for, 1))
                    if self._on_hang is not None:
                        self._on_hang()
                    return "hang"
        finally:
            await self._give_up(loop, running)
        error = running.exception() if not running.cancelled() else None
        return type(error).__name__ if error is not None else "returned"

    async def _give_up(self, loop: Loop, running: asyncio.Task[None]) -> None:
        """Leave nothing of a loop behind: its handlers first, so that a job is not run by two loops of one process."""
        if running.done():
            return
        loop.drain()
        loop.interrupt()
        await asyncio.wait({running}, timeout=self._pace.last_wait / 2)
        loop.abort()
        running.cancel()
        await asyncio.wait({running}, timeout=self._pace.last_wait / 2)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._is_stopping.wait()
        except TimeoutError:
            return
