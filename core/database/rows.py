"""The short way to read: statements as text, and rows as the driver gives them.

For statements that are made once and run often. A connection is bound to one workspace while it is out of the pool, as
those of `ReadSession` are, and its role is the same; what differs is that SQLAlchemy does not stand between.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self, cast
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from core.database.connection import DEAD, Connection, Opening, prepare_walls
from core.database.errors import DatabaseAway, DatabaseBusy, answering

_STATEMENTS: Final = 512
_QUERIES: Final = 1_000_000
_JSONB_VERSION: Final = b"\x01"


class RowPool:
    """Connections of the application role, for reading alone. `size` are open at most; one is waited for `wait` s."""

    def __init__(self, opening: Opening, *, size: int, wait: float) -> None:
        self._opening = opening
        self._size = size
        self._wait = wait
        self._pool: Any = None
        self._making = asyncio.Lock()

    def reading(self, workspace_id: UUID) -> "RowReading":
        """Return a context in which rows of one workspace are read."""
        return RowReading(self, workspace_id)

    async def take(self) -> Any:
        """Take a connection out of the pool.

        Raises:
            DatabaseBusy: none became free in time.
        """
        pool = self._pool or await self._made()
        try:
            return await pool.acquire(timeout=self._wait)
        except TimeoutError as error:
            raise DatabaseBusy from error

    async def give_back(self, line: Any) -> None:
        """Put a connection back, bound to nothing."""
        line.unbind()
        await self._pool.release(line)

    async def close(self) -> None:
        """Close every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _made(self) -> Any:
        async with self._making:
            if self._pool is None:
                opening = self._opening
                self._pool = await cast("Any", asyncpg).create_pool(
                    opening.dsn,
                    min_size=0,
                    max_size=self._size,
                    max_queries=_QUERIES,
                    max_inactive_connection_lifetime=0,
                    init=_ready,
                    reset=_left,
                    timeout=opening.connect,
                    command_timeout=opening.command,
                    server_settings=dict(opening.settings),
                    connection_class=Connection,
                    statement_cache_size=_STATEMENTS,
                )
            return self._pool


class RowReading:
    """Reads of one workspace on one connection: each statement is one round trip and one read-only transaction."""

    __slots__ = ("_line", "_pool", "_workspace_id")

    def __init__(self, pool: RowPool, workspace_id: UUID) -> None:
        self._pool = pool
        self._workspace_id = workspace_id
        self._line: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        line, self._line = self._line, None
        if line is not None:
            await self._pool.give_back(line)

    async def fetch(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        """Run a SELECT; return all of its rows.

        A connection that died in the pool is replaced once, and a statement that was prepared before a migration is
        prepared again: nothing was written, so nothing is done twice.

        Raises:
            DatabaseAway: the database does not answer.
            DatabaseBusy: no connection became free, or the statement took too long.
        """
        with answering():
            try:
                return await self._fetched(text, arguments)
            except (*DEAD, asyncpg.InvalidCachedStatementError):
                await self._replace()
                return await self._fetched(text, arguments)

    async def _fetched(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        if self._line is None:
            try:
                self._line = await self._pool.take()
            except OSError as error:
                raise DatabaseAway from error
            self._line.bind(self._workspace_id)
        try:
            return cast("Sequence[Any]", await self._line.fetch(text, *arguments))
        except TimeoutError as error:
            # the server does not even say that the statement took too long
            self._line.terminate()
            raise DatabaseAway from error

    async def _replace(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.terminate()
            await self._pool.give_back(line)


async def _ready(connection: Any) -> None:
    """Prepare what sets a workspace, and leave JSON as it is written: most of it is passed on unread."""
    await prepare_walls(connection)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=_jsonb,
        decoder=_as_written,
    )


def _jsonb(text: str) -> bytes:
    return _JSONB_VERSION + text.encode()


def _as_written(raw: bytes) -> bytes:
    return raw[len(_JSONB_VERSION) :]


async def _left(connection: Any) -> None:
    """Nothing to undo: no statement of a reader outlives its implicit transaction."""
    del connection
