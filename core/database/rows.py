"""The short way to read: statements as text, and rows as the driver gives them.

For statements that are made once and run often. A connection is bound to one workspace while it is out of the pool, as
those of `ReadSession` are, and its role is the same; what differs is that SQLAlchemy does not stand between. The pool
is our own because asyncpg's makes a task of each return, which costs as much as a small query (docs/performance.md).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from core.database.connection import DEAD, Connection, Opening, open_connection
from core.database.errors import DatabaseAway, DatabaseBusy, answering, connecting
from core.database.patience import Patience

_STATEMENTS: Final = 512
_JSONB_VERSION: Final = b"\x01"


_Place: TypeAlias = Connection | None
"""A connection, or the right to open one."""


class RowPool:
    """Connections of the application role, for reading alone. `size` are open at most; one is waited for `wait` s.

    Those that are `raw` read and take ids as 16 bytes, and times as microseconds since 2000: the driver's UUIDs and
    times cost several times as much to make, to compare and to write.
    """

    def __init__(self, opening: Opening, *, size: int, wait: float, raw: bool = False) -> None:
        self._opening = replace(opening, statements=_STATEMENTS)
        self._wait = wait
        self._raw = raw
        # a place for each connection, whether it is open or not; the one that was used last is at the end
        self._idle: list[_Place] = [None] * size
        self._waiting = Patience[asyncio.Future[_Place]](wait, _refuse)
        self.asking = Patience[Connection](opening.command, Connection.give_up)

    def reading(self, workspace_id: UUID) -> "RowReading":
        """Return a context in which rows of one workspace are read."""
        return RowReading(self, workspace_id)

    async def fetch(self, workspace_id: UUID, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        """Run a SELECT in one workspace, on a connection that is free for others while its rows are worked with; raises
        as `RowReading.fetch`.
        """
        reading = RowReading(self, workspace_id)
        try:
            rows = await reading.fetch(text, arguments)
        except BaseException:
            reading.end(is_sound=False)
            raise
        reading.end(is_sound=True)
        return rows

    async def take(self) -> Connection:
        """Take a connection: the one that was used last, or a new one.

        Raises:
            DatabaseAway: it cannot be opened.
            DatabaseBusy: none became free in time.
        """
        line = self._idle.pop() if self._idle else await self._handed()
        if line is not None and not line.is_closed():
            return line
        try:
            with connecting():
                return await self._opened()
        except BaseException:
            self._hand(None)
            raise

    async def take_quiet(self) -> Connection:
        """Take a connection of which nothing tells that it ended: where one died, others may have died with it."""
        while not (line := await self.take()).is_quiet:
            self.give_back(line, is_sound=False)
        return line

    def give_back(self, line: Connection, *, is_sound: bool) -> None:
        """Put a connection back, bound to nothing; one that is not sound is closed."""
        line.unbind()
        if is_sound and line.is_clean and not line.is_closed():
            self._hand(line)
        else:
            line.terminate()  # pyright: ignore[reportUnknownMemberType]
            self._hand(None)

    async def close(self) -> None:
        """Close every connection that is not in use. Whoever still waits for one is refused."""
        while (waiting := self._waiting.next()) is not None:
            _refuse(waiting)
        self._waiting.stop()
        self.asking.stop()
        for place, line in enumerate(self._idle):
            self._idle[place] = None
            if line is not None:
                with contextlib.suppress(*DEAD, TimeoutError):
                    await line.close(timeout=self._wait)  # pyright: ignore[reportUnknownMemberType]

    def _hand(self, place: _Place) -> None:
        """Hand a place to whoever waits for the longest, or keep it."""
        while (waiting := self._waiting.next()) is not None:
            if not waiting.done():
                waiting.set_result(place)
                return
        if place is None:
            self._idle.insert(0, None)
        else:
            self._idle.append(place)

    async def _handed(self) -> _Place:
        """Wait for a place."""
        waiting: asyncio.Future[_Place] = asyncio.get_running_loop().create_future()
        self._waiting.begin(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            self._waiting.end(waiting)
            if not waiting.cancelled() and waiting.exception() is None:
                # it came when it was not wanted any more
                self._hand(waiting.result())
            raise

    async def _opened(self) -> Connection:
        line = await open_connection(self._opening)
        try:
            await _read_json_as_written(line)
            if self._raw:
                await _read_raw(line)
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
        self.end(is_sound=error is None)

    def end(self, *, is_sound: bool) -> None:
        """Give the connection back."""
        line, self._line = self._line, None
        if line is not None:
            self._pool.give_back(line, is_sound=is_sound)

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
                line = self._line
                self.end(is_sound=False)
                if line is not None and line.is_given_up:
                    raise
                self._bind(await self._pool.take_quiet())
                return await self._fetched(text, arguments)

    async def _fetched(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        line = self._line
        if line is None:
            line = self._bind(await self._pool.take())
        asking = self._pool.asking
        asking.begin(line)
        try:
            return await line.read(text, arguments)
        except TimeoutError as error:
            line.give_up()
            raise DatabaseAway from error
        finally:
            asking.end(line)

    def _bind(self, line: Connection) -> Connection:
        self._line = line
        line.bind(self._workspace_id)
        return line


def _refuse(waiting: asyncio.Future[_Place]) -> None:
    """Tell who waits for a place that there is none."""
    if not waiting.done():
        waiting.set_exception(DatabaseBusy())


async def _read_json_as_written(connection: Any) -> None:
    """Leave JSON as it is written: most of it is passed on unread."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_jsonb, decoder=_as_written)


async def _read_raw(connection: Any) -> None:
    """Leave ids and times as the database sends them."""
    for kind, sent in (("uuid", "bytea"), ("timestamptz", "bigint")):
        await connection.set_builtin_type_codec(kind, schema="pg_catalog", codec_name=sent, format="binary")


def _jsonb(text: str) -> bytes:
    return _JSONB_VERSION + text.encode()


_as_written: Final = itemgetter(slice(len(_JSONB_VERSION), None))
