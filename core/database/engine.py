"""Connections: two pools, one for each role, and the three ways in."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from core.database import walls
from core.database.sessions import ReadSession, WriteSession
from core.errors import Unavailable

_BIND: Final = text(f"SELECT set_config('{walls.SETTING}', :workspace, true)")
_END: Final = 5.0
_CONNECT: Final = 5.0
_PING: Final = 3.0
_DEAD: Final = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, OSError)


class DatabaseAway(Unavailable):
    """The database does not answer right now: try again."""


class DatabaseBusy(Unavailable):
    """All connections are in use: try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many connections each role may hold, how long one may be waited for, and how long a statement may take.

    Times are in seconds. They are limits of last resort: a healthy statement takes milliseconds.
    """

    app: int = 12
    system: int = 6
    wait: float = 5.0
    statement: float = 15.0
    lock: float = 10.0
    idle_in_transaction: float = 30.0


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violated."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)


class Database:
    """The pools of one process. `url` is `postgresql://` or `postgresql+asyncpg://`; connects at first use."""

    def __init__(self, url: str, *, pool: PoolLimits | None = None) -> None:
        limits = pool or PoolLimits()
        self.url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self.engine = _engine(self.url, walls.APP_ROLE, limits.app, limits)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._system = _engine(self.url, walls.SYSTEM_ROLE, limits.system, limits)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self._system.dispose()

    async def ping(self) -> None:
        """Ask for a sign of life.

        Raises:
            DatabaseAway: there was none.
        """
        try:
            async with asyncio.timeout(_PING), self.system() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, OSError, TimeoutError) as error:
            raise DatabaseAway from error

    async def verify_walls(self) -> None:
        """Look whether the database keeps workspaces apart; raise `walls.WallBroken` when it does not."""
        async with _answering(), self.engine.begin() as connection:
            await walls.verify(connection)

    @asynccontextmanager
    async def read(self, workspace_id: UUID) -> AsyncGenerator[ReadSession]:
        """Open a session that reads one workspace, in one read-only transaction."""
        async with _answering():
            connection = await self._begin_reading(workspace_id)
            try:
                async with AsyncSession(connection, autoflush=False, expire_on_commit=False) as session:
                    yield ReadSession(session)
            finally:
                await asyncio.shield(_end_reading(connection))

    @asynccontextmanager
    async def write(self, workspace_id: UUID) -> AsyncGenerator[WriteSession]:
        """Open a session that writes in one workspace; commit at a clean end, roll back otherwise."""
        async with _answering(), _writing(self.engine, workspace_id) as session:
            yield session

    @asynccontextmanager
    async def system(self) -> AsyncGenerator[WriteSession]:
        """Open a session of the product itself, which sees every workspace; commit at a clean end."""
        async with _answering(), _writing(self._system, None) as session:
            yield session

    async def _begin_reading(self, workspace_id: UUID) -> AsyncConnection:
        """Begin and bind in one round trip: the simple protocol takes two statements, and a UUID's text is no SQL."""
        if not isinstance(workspace_id, UUID):  # pyright: ignore[reportUnnecessaryIsInstance]
            message = "a workspace's id is a UUID"
            raise TypeError(message)
        statement = f"BEGIN READ ONLY; SET LOCAL {walls.SETTING} = '{workspace_id}'"
        for is_last in (False, True):
            connection = await self._reading.connect()
            try:
                driver = await _driver(connection)
                await driver.execute(statement, timeout=_CONNECT)
            except BaseException as error:
                await asyncio.shield(_abandon(connection))
                if is_last or not isinstance(error, _DEAD):
                    raise
                await self.engine.dispose(close=False)
            else:
                return connection
        raise DatabaseAway


async def _end_reading(connection: AsyncConnection) -> None:
    """Give a connection back without its transaction, whatever state it is in; drop it when that fails."""
    try:
        driver = await _driver(connection)
        await driver.execute("ROLLBACK", timeout=_END)
    except Exception:  # noqa: BLE001  (an unusable connection is replaced, and what broke it was raised before)
        await _abandon(connection)
    else:
        await connection.close()


async def _abandon(connection: AsyncConnection) -> None:
    with suppress(Exception):
        await connection.invalidate()
    await connection.close()


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


@asynccontextmanager
async def _writing(engine: AsyncEngine, workspace_id: UUID | None) -> AsyncGenerator[WriteSession]:
    connection = await _begin_writing(engine, workspace_id)
    try:
        async with WriteSession(
            connection, autoflush=False, expire_on_commit=False, join_transaction_mode="conditional_savepoint"
        ) as session:
            yield session
            await session.flush()
        await connection.commit()
    finally:
        await asyncio.shield(connection.close())


async def _begin_writing(engine: AsyncEngine, workspace_id: UUID | None) -> AsyncConnection:
    """Begin a transaction. A pooled connection that died meanwhile is replaced once: nothing was done on it yet."""
    for is_last in (False, True):
        connection = await engine.connect()
        try:
            await connection.execute(_BIND, {"workspace": "" if workspace_id is None else str(workspace_id)})
        except BaseException as error:
            await asyncio.shield(_abandon(connection))
            if is_last or not (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
            await engine.dispose(close=False)
        else:
            return connection
    raise DatabaseAway


@asynccontextmanager
async def _answering() -> AsyncGenerator[None]:
    """Tell callers that the database is busy or away; leave every other error alone."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseBusy from error
    except _DEAD as error:
        raise DatabaseAway from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseAway from error
        raise


def _engine(url: str, role: str, size: int, limits: PoolLimits) -> AsyncEngine:
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=size,
        max_overflow=0,
        pool_timeout=limits.wait,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": _CONNECT,
            "command_timeout": limits.statement + limits.lock,
            "server_settings": {
                "role": role,
                "application_name": role,
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": _milliseconds(limits.statement),
                "lock_timeout": _milliseconds(limits.lock),
                "idle_in_transaction_session_timeout": _milliseconds(limits.idle_in_transaction),
            },
        },
    )


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
