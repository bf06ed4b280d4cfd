"""Connections in hand: nobody waits for one that nobody uses."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from core.database import Database, PoolLimits
from tests.fixtures.scratch import fresh_workspace


@pytest.fixture
async def narrow(database: Database) -> AsyncIterator[Database]:
    """The same database, with two connections for all, of which one may be kept in hand."""
    opened = Database(database.url, pool=PoolLimits(app=2, writers=2, wait=1))
    yield opened
    await opened.close()


async def test_readers_that_wait_get_what_writers_give_back_at_once(database: Database, narrow: Database) -> None:
    here = await fresh_workspace(database)
    begun, over, read = asyncio.Barrier(3), asyncio.Event(), asyncio.Barrier(3)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(_write(narrow, here, begun, over))
        await begun.wait()
        for _ in range(2):
            tasks.create_task(_read(narrow, here, read))
        await asyncio.sleep(0.05)  # both wait now
        over.set()
        await read.wait()


async def _write(database: Database, workspace_id: UUID, begun: asyncio.Barrier, over: asyncio.Event) -> None:
    async with database.write(workspace_id):
        await begun.wait()
        await over.wait()


async def _read(database: Database, workspace_id: UUID, all_read: asyncio.Barrier) -> None:
    """Read, and hold the connection until all have read."""
    async with database.read(workspace_id) as session:
        assert await session.scalar(sa.text("SELECT 1")) == 1
        await all_read.wait()
