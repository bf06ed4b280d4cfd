"""One run of pgqueuer over one connection of its own, from connecting to the end, whatever ends it.

It holds no policy about starting again: that is the supervisor's.
"""

import asyncio
import time
from datetime import timedelta
from typing import Any, Final, Protocol

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain import models
from pgqueuer.domain.types import QueueExecutionMode

from core.database import walls
from core.ground import Ground
from workers import schedule
from workers.pace import Pace
from workers.registry import handlers
from workers.runner import Runner

_CLOSE: Final = 2.0


class _Connection(Protocol):
    async def execute(self, query: str) -> str: ...

    async def close(self) -> None: ...

    def terminate(self) -> None: ...


class _Queries(Queries):
    """The library's queries, noting when jobs were last asked for."""

    asked_at: float = 0.0

    async def dequeue(self, *args: Any, **kwargs: Any) -> list[models.Job]:
        jobs = await super().dequeue(*args, **kwargs)
        self.asked_at = time.monotonic()
        return jobs


class Loop:
    """Claims jobs and runs them until it is drained, or until something breaks."""

    def __init__(self, ground: Ground, url: str, pace: Pace) -> None:
        self._ground = ground
        self._url = url
        self._pace = pace
        self._made_at = time.monotonic()
        self._connection: _Connection | None = None
        self._pgq: PgQueuer | None = None
        self._runner: Runner | None = None
        self._queries: _Queries | None = None
        self._is_drained = False

    @property
    def asked_at(self) -> float | None:
        """When jobs were last asked for (monotonic seconds); None before the first time."""
        return (self._queries.asked_at or None) if self._queries is not None else None

    @property
    def quiet_for(self) -> float:
        """Seconds since jobs were last asked for, or since this was made."""
        return time.monotonic() - (self.asked_at or self._made_at)

    async def run(self) -> None:
        """Connect and work. Returns after a drain; raises what broke it otherwise."""
        pace = self._pace
        library: Any = asyncpg
        connection: Any = await library.connect(
            self._url,
            timeout=pace.call,
            command_timeout=pace.call,
            server_settings={"application_name": "workers"},
        )
        self._connection = connection
        try:
            await connection.execute(f"SET ROLE {walls.SYSTEM_ROLE}")
            driver = AsyncpgDriver(connection)
            self._queries = queries = _Queries(driver)
            self._runner = runner = Runner(self._ground, driver, pace.limits)
            self._pgq = pgq = PgQueuer(driver, queries=queries)
            for entrypoint in handlers():
                pgq.entrypoint(entrypoint, accepts_context=False, on_failure="hold")(runner.run)
            schedule.register(pgq, queries)
            if self._is_drained:
                return
            await pgq.run(
                dequeue_timeout=timedelta(seconds=pace.dequeue),
                batch_size=pace.batch,
                max_concurrent_tasks=pace.at_once,
                mode=QueueExecutionMode.continuous,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=pace.heartbeat),
            )
        finally:
            await self._close(connection)

    def drain(self) -> None:
        """Claim no more jobs; `run` returns when those that run have ended."""
        self._is_drained = True
        if self._pgq is not None:
            self._pgq.shutdown.set()

    def interrupt(self) -> None:
        """End the handlers that still run; their jobs go back into the queue."""
        if self._runner is not None:
            self._runner.interrupt()

    def abort(self) -> None:
        """Drop the connection: what hangs on it fails at once, and its jobs are claimed again by their silence."""
        if self._connection is not None:
            self._connection.terminate()

    async def _close(self, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(_CLOSE):
                await connection.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
