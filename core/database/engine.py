"""Connections: two pools, one for each role, and the three ways in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from core.database import inspection, walls
from core.database.connection import Opening, open_connection, open_plain
from core.database.errors import DatabaseAway, DatabaseBusy, answering
from core.database.lines import OLD, Line, Lines
from core.database.rows import RowPool, RowReading
from core.database.sessions import ReadSession, WriteSession

_PING: Final = 3.0
_PLANS: Final = 256
_MARGIN: Final = 5.0
_LEVEL: Final = "READ COMMITTED"
_SCHEMES: Final = ("postgresql+asyncpg://", "postgres://")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many connections each role may hold, how long one may be waited for, and how long a statement may take.

    Of the application's connections, `writers` may be writing at a time, so that writers that wait for one another
    never stop the readers. `rows` are those that read by prepared texts alone, `plans` those of compiled
    queries. Times are in seconds, and limits of last resort: a healthy statement takes milliseconds.
    """

    app: int = 12
    writers: int = 8
    rows: int = 8
    plans: int = 8
    system: int = 6
    connect: float = 5.0
    wait: float = 5.0
    reading: float = 15.0
    writing: float = 30.0
    lock: float = 10.0
    idle_in_transaction: float = 30.0


class Database:
    """The pools of one process. `url` is `postgresql://` or `postgresql+asyncpg://`; connects at first use.

    `url` is kept in the form that asyncpg and libpq read. `engine` is the application role's, for events and figures:
    a connection that is taken from it directly is bound to no workspace, and sees no row.
    """

    def __init__(self, url: str, *, pool: PoolLimits | None = None) -> None:
        limits = pool or PoolLimits()
        self.url = _plain(url)
        self.engine = _engine(self.url, walls.APP_ROLE, limits)
        reading = replace(_opening(self.url, walls.APP_ROLE, limits), for_reading=True)
        self._rows = RowPool(reading, size=limits.rows, wait=limits.wait)
        self._plans = RowPool(reading, size=limits.plans, wait=limits.wait, raw=True)
        self._writing = Lines(self.engine.execution_options(isolation_level=_LEVEL), keep=limits.app // 2)
        self._sees_all = _engine(self.url, walls.SYSTEM_ROLE, limits)
        self._system = Lines(self._sees_all.execution_options(isolation_level=_LEVEL), keep=limits.system // 2)
        self._writers = asyncio.Semaphore(limits.writers)
        self._wait = limits.wait
        self._patience = limits.writing

    async def close(self) -> None:
        """Close every connection."""
        await self._rows.close()
        await self._plans.close()
        for lines in (self._writing, self._system):
            await lines.close()
        for engine in (self.engine, self._sees_all):
            await engine.dispose()

    async def ping(self) -> None:
        """Ask for a sign of life.

        Raises:
            DatabaseAway: there was none within three seconds.
        """
        try:
            async with asyncio.timeout(_PING), self.system() as session:
                await session.execute(text("SELECT 1"))
        except TimeoutError as error:
            raise DatabaseAway from error

    async def verify_walls(self) -> None:
        """Look whether the database keeps workspaces apart.

        Raises:
            WallBroken: it does not. A process that finds this out must not serve.
        """
        with answering():
            await inspection.verify(self.engine, self.read)

    @asynccontextmanager
    async def read(self, workspace_id: UUID) -> AsyncGenerator[ReadSession]:
        """Open a session that reads one workspace. Each statement is one round trip and one read-only transaction.

        Raises:
            DatabaseAway: the database does not answer.
            DatabaseBusy: no connection became free, or a statement took too long.
        """
        _must_be_id(workspace_id)
        with answering():
            session = ReadSession(partial(self._bound, workspace_id))
            try:
                await session.open()
                yield session
            except BaseException:
                await asyncio.shield(session.close())
                raise
            await session.close()

    def rows(self, workspace_id: UUID) -> RowReading:
        """Return a context in which rows of one workspace are read as the driver gives them."""
        _must_be_id(workspace_id)
        return self._rows.reading(workspace_id)

    def fetch(self, workspace_id: UUID, text: str, arguments: Sequence[object]) -> Awaitable[Sequence[Any]]:
        """Read rows of one workspace by one statement, raw (`RowPool`), as its arguments are. Raises as `rows` does."""
        _must_be_id(workspace_id)
        return self._plans.fetch(workspace_id, text, arguments)

    @asynccontextmanager
    async def write(self, workspace_id: UUID) -> AsyncGenerator[WriteSession]:
        """Open a session that writes in one workspace; commit at a clean end, roll back otherwise.

        Raises:
            CommitRefused: a statement failed, and the caller went on as if nothing were. Nothing was stored.
            DatabaseAway: the database does not answer.
            DatabaseBusy: no connection became free, or a statement or a lock took too long.
        """
        _must_be_id(workspace_id)
        async with self._turn(), _transaction(self._writing, workspace_id, self._patience) as session:
            yield session

    @asynccontextmanager
    async def system(self) -> AsyncGenerator[WriteSession]:
        """Open a session of the product itself, which sees every workspace; commit at a clean end.

        Raises what `write` raises.
        """
        async with _transaction(self._system, None, self._patience) as session:
            yield session

    async def _bound(self, workspace_id: UUID) -> Line:
        line = await self._writing.lend(self.engine)
        line.driver.bind(workspace_id)
        return line

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        if not self._writers.locked():
            await self._writers.acquire()  # at once
        else:
            try:
                async with asyncio.timeout(self._wait):
                    await self._writers.acquire()
            except TimeoutError as error:
                raise DatabaseBusy from error
        try:
            yield
        finally:
            self._writers.release()


@asynccontextmanager
async def _transaction(lines: Lines, workspace_id: UUID | None, patience: float) -> AsyncGenerator[WriteSession]:
    with answering():
        line = await lines.take()
        session = WriteSession(line)
        try:
            await line.driver.begin(workspace_id, patience)
            yield session
            await session.end()
        finally:
            if session.is_clean:
                await lines.give_back(line)  # waits for nothing, so nothing can come between
            else:
                await asyncio.shield(_undone(session, line, lines))


async def _undone(session: WriteSession, line: Line, lines: Lines) -> None:
    try:
        await session.undo()
    finally:
        await lines.give_back(line)


def _opening(dsn: str, role: str, limits: PoolLimits) -> Opening:
    return Opening(
        dsn=dsn,
        connect=limits.connect,
        command=limits.writing + _MARGIN,
        is_walled=role == walls.APP_ROLE,
        settings={
            "role": role,
            "application_name": role,
            "timezone": "UTC",
            "jit": "off",
            # a write in a workspace says when it begins that it may take longer
            "statement_timeout": _milliseconds(limits.reading if role == walls.APP_ROLE else limits.writing),
            "lock_timeout": _milliseconds(limits.lock),
            "idle_in_transaction_session_timeout": _milliseconds(limits.idle_in_transaction),
        },
    )


def _engine(dsn: str, role: str, limits: PoolLimits) -> AsyncEngine:
    opening = _opening(dsn, role, limits)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(open_connection, opening),
        # a read is one statement; who begins a transaction says so
        isolation_level="AUTOCOMMIT",
        pool_size=limits.app if opening.is_walled else limits.system,
        max_overflow=0,
        pool_timeout=limits.wait,
        pool_recycle=OLD,
        pool_use_lifo=True,
        # the values of a refused row are nobody's business in a log
        hide_parameters=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"prepared_statement_cache_size": _PLANS},
    )
    event.listen(engine.sync_engine, "checkout", _must_be_clean)
    return engine


def unpooled(url: str, **settings: str) -> AsyncEngine:
    """Make an engine for a schema's owner: each use is a connection of its own, with settings of the server."""
    creator = partial(open_plain, _plain(url), settings)
    return create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)


def _must_be_clean(_dbapi: object, record: Any, _proxy: object) -> None:
    """Replace a pooled connection that is closed, or that somebody left in a transaction or a workspace."""
    driver = record.driver_connection
    if driver.is_closed() or not driver.is_clean:
        raise DisconnectionError


def _must_be_id(workspace_id: object) -> None:
    """Refuse all but a UUID: its text stands in SQL and in messages, and holds nothing but digits and dashes."""
    if not isinstance(workspace_id, UUID):
        message = "a workspace's id is a UUID"
        raise TypeError(message)


def _plain(url: str) -> str:
    for scheme in _SCHEMES:
        if url.startswith(scheme):
            return f"postgresql://{url.removeprefix(scheme)}"
    return url


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
