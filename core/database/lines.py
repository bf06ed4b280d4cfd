"""Connections for transactions: taken from SQLAlchemy's pool, and some of them kept in hand between two transactions.

To check a connection out and in again costs this process as much as a small statement (docs/decisions/0019).
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.database.connection import Connection
from core.database.errors import DatabaseAway, connecting

OLD: Final = 1800
"""Seconds after which a connection is opened anew."""

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A connection out of the pool, from both sides: as SQLAlchemy and as asyncpg see it."""

    sql: AsyncConnection
    driver: Connection
    since: float = field(default_factory=time.monotonic)

    @property
    def is_sound(self) -> bool:
        """Whether it may be used again: open, and with nothing of its last user on either side."""
        if self.driver.is_closed() or self.sql.invalidated or self.sql.get_transaction() is not None:
            return False
        return self.driver.is_clean and self.driver.is_quiet


class Lines:
    """The connections of one engine. As many as `keep` stay out of its pool."""

    def __init__(self, engine: AsyncEngine, *, keep: int) -> None:
        self._engine = engine
        self._keep = keep
        self._idle: list[Line] = []
        self._takers = 0

    async def take(self) -> Line:
        """Take a connection: the one that was used last, or one from the pool. One that died meanwhile is replaced.

        Raises:
            DatabaseAway: it cannot be opened, or ends at once.
        """
        while self._idle:
            line = self._idle.pop()
            if line.is_sound and time.monotonic() - line.since < OLD:
                return line
            await drop(line)
        for _ in range(_ATTEMPTS):
            line = await self._from_pool(self._engine)
            if line.is_sound:
                return line
            await drop(line)
        raise DatabaseAway

    async def give_back(self, line: Line) -> None:
        """Keep a connection in hand, or put it back into its pool, which looks whether it is clean. It may be waited
        for while somebody takes one from there, or the pool has no other.
        """
        is_awaited = self._takers > 0 or self._is_pool_empty
        if len(self._idle) < self._keep and line.is_sound and not is_awaited:
            self._idle.append(line)
        else:
            await line.sql.close()

    async def lend(self, engine: AsyncEngine) -> Line:
        """Take a connection from the pool itself, as `engine` has them. If it has none, one that is in hand is put back
        first.

        Raises:
            DatabaseAway: it cannot be opened.
        """
        if self._idle and self._is_pool_empty:
            await self._idle.pop(0).sql.close()
        return await self._from_pool(engine)

    async def _from_pool(self, engine: AsyncEngine) -> Line:
        self._takers += 1
        try:
            return await _taken(engine)
        finally:
            self._takers -= 1

    @property
    def _is_pool_empty(self) -> bool:
        pool = cast("QueuePool", self._engine.pool)
        return pool.checkedout() >= pool.size()

    async def close(self) -> None:
        """Put back what is in hand."""
        while self._idle:
            await self._idle.pop().sql.close()


async def _taken(engine: AsyncEngine) -> Line:
    with connecting():
        connection = await engine.connect()
    raw: Any = connection.sync_connection
    return Line(sql=connection, driver=raw.connection.driver_connection)


async def drop(line: Line) -> None:
    """End a connection; its place in the pool is free again."""
    line.driver.terminate()  # pyright: ignore[reportUnknownMemberType]
    await asyncio.shield(_invalidated(line))


async def _invalidated(line: Line) -> None:
    try:
        await line.sql.invalidate()
    finally:
        await line.sql.close()
