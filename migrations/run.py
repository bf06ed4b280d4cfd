"""Brings a database to the newest revision, or to a given one. Safe to run from several processes at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import unpooled

_FOLDER: Final = Path(__file__).parent
_LOCK: Final = 7_283_641_190
_LOCK_TIMEOUT: Final = "120s"
_WAIT: Final = 120.0
_AGAIN: Final = 0.1


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's settings, bound to a connection when there is one."""
    config = Config(toml_file=str(_FOLDER.parent / "pyproject.toml"))
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


async def upgrade(url: str, revision: str = "head") -> None:
    """Migrate forward. Waits up to two minutes for another process that migrates the same database."""
    await act(url, lambda connection: command.upgrade(configuration(connection), revision))


async def downgrade(url: str, revision: str) -> None:
    """Migrate backward."""
    await act(url, lambda connection: command.downgrade(configuration(connection), revision))


async def act(url: str, do: Callable[[Connection], object]) -> None:
    """Run one of Alembic's commands, alone on its database."""
    engine = unpooled(url, lock_timeout=_LOCK_TIMEOUT)
    try:
        async with engine.connect() as connection:
            await _alone(connection)
            await connection.run_sync(do)
            await connection.commit()
    finally:
        await engine.dispose()


async def _alone(connection: AsyncConnection) -> None:
    """Wait until nobody else migrates. Each look is a transaction of its own: one that waited inside the database would
    be waited for by an index that is built beside its writers.
    """
    take = text("SELECT pg_try_advisory_lock(:lock)")
    async with asyncio.timeout(_WAIT):
        while not await connection.scalar(take, {"lock": _LOCK}):
            await connection.commit()
            await asyncio.sleep(_AGAIN)
    await connection.commit()
