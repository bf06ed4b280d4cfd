"""The short way to read: statements as text, and rows as the driver gives them.

For statements that are made once and run often. A connection is bound to one workspace while it is out of the pool, as
those of `ReadSession` are, and its role is the same; what differs is that SQLAlchemy does not stand between. The pool
is our own because asyncpg's makes a task of each return, which costs as much as a small query (docs/performance.md).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self, cast
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from core.database.connection import DEAD, Connection, Opening, open_connection
from core.database.errors import DatabaseAway, DatabaseBusy, answering, connecting

_STATEMENTS: Final = 512
_JSONB_VERSION: Final = b"\x01"


class RowPool:
    """Connections of the application role, for reading alone. `size` are open at most; one is waited for `wait` s."""

    def __init__(self, opening: Opening, *, size: int, wait: float) -> None:
        self._opening = replace(opening, statements=_STATEMENTS)
        self._wait = wait
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Connection] = []

    def reading(self, workspace_id: UUID) -> "RowReading":
        """Return a context in which rows of one workspace are read."""
        return RowReading(self, workspace_id)

    async def take(self) -> Connection:
        """Take a connection: the one that was used last, or a new one.

        Raises:
            DatabaseAway: it cannot be opened.
            DatabaseBusy: none became free in time.
        """
        if self._turns.locked():
            await self._wait_for_turn()
        else:
            await self._turns.acquire()
        while self._idle:
            line = self._idle.pop()
            if not line.is_closed():
                return line
        try:
            with connecting():
                return await self._opened()
        except BaseException:
            self._turns.release()
            raise

    def give_back(self, line: Connection, *, is_sound: bool) -> None:
        """Put a connection back, bound to nothing; one that is not sound is closed."""
        line.unbind()
        if is_sound and line.is_clean and not line.is_closed():
            self._idle.append(line)
        else:
            line.terminate()  # pyright: ignore[reportUnknownMemberType]
        self._turns.release()

    async def close(self) -> None:
        """Close every connection that is not in use."""
        while self._idle:
            line = self._idle.pop()
            with contextlib.suppress(*DEAD, TimeoutError):
                await line.close(timeout=self._wait)  # pyright: ignore[reportUnknownMemberType]

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._wait):
                await self._turns.acquire()
        except TimeoutError as error:
            raise DatabaseBusy from error

    async def _opened(self) -> Connection:
        line = await open_connection(self._opening)
        try:
            await _read_json_as_written(line)
        except BaseException:
            line.terminate()  # pyright: ignore[reportUnknownMemberType]
            raise
        return line


class RowReading:
    """Reads of one workspace on one connection: each statement is one round trip and one read-only transaction."""

    __slots__ = ("_line", "_pool", "_workspace_id")

    def __init__(self, pool: RowPool, workspace_id: UUID) -> None:
        self._pool = pool
        self._workspace_id = workspace_id
        self._line: Connection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._pool.give_back(line, is_sound=error is None)

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
                line, self._line = self._line, None
                if line is not None:
                    self._pool.give_back(line, is_sound=False)
                return await self._fetched(text, arguments)

    async def _fetched(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        line = self._line
        if line is None:
            line = self._line = await self._pool.take()
            line.bind(self._workspace_id)
        try:
            return await cast("Any", line).fetch(text, *arguments)
        except TimeoutError as error:
            # the server does not even say that the statement took too long
            line.terminate()  # pyright: ignore[reportUnknownMemberType]
            raise DatabaseAway from error


async def _read_json_as_written(connection: Any) -> None:
    """Leave JSON as it is written: most of it is passed on unread."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_jsonb, decoder=_as_written)


def _jsonb(text: str) -> bytes:
    return _JSONB_VERSION + text.encode()


def _as_written(raw: bytes) -> bytes:
    return raw[len(_JSONB_VERSION) :]
