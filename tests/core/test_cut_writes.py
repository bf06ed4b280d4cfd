"""A transaction that is cut in its first statement: nothing of it is stored, and nothing of it meets the next."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from asyncpg import connect_utils  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy.exc import DBAPIError

from core.database import CommitRefused, Database, PoolLimits
from models import Label
from tests.fixtures.scratch import fresh_workspace

ADD = """
    INSERT INTO labels (id, workspace_id, name, color, position)
    VALUES (gen_random_uuid(), $1, $2, '#112233', 1) RETURNING pg_sleep($3)
"""


@pytest.fixture
async def narrow(database: Database) -> AsyncIterator[Database]:
    """The same database, where all writers share one connection."""
    opened = Database(database.url, pool=PoolLimits(app=2, writers=1))
    yield opened
    await opened.close()


async def add(database: Database, workspace_id: UUID, name: str, *, seconds: float = 0.0) -> None:
    async with database.write(workspace_id) as session:
        await session.fetch(ADD, workspace_id, name, seconds)


async def labels(database: Database, workspace_id: UUID) -> list[str]:
    async with database.read(workspace_id) as session:
        return list(await session.scalars(sa.select(Label.name).order_by(Label.name)))


async def test_a_first_statement_that_ends_though_it_was_cut_is_undone(
    database: Database, narrow: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = await fresh_workspace(database), await fresh_workspace(database)
    await add(narrow, mine, "before")

    async def too_late(**_: object) -> None:
        """Let the server end what it should break off."""

    with monkeypatch.context() as patch:
        patch.setattr(connect_utils, "_cancel", too_late)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await add(narrow, mine, "cut", seconds=0.3)
        await add(narrow, theirs, "theirs")

    assert await labels(database, mine) == ["before"]
    assert await labels(database, theirs) == ["theirs"]


async def test_a_first_statement_that_is_cut_while_it_runs_fails_nobody_else(
    database: Database, narrow: Database
) -> None:
    mine, theirs = await fresh_workspace(database), await fresh_workspace(database)
    await add(narrow, mine, "before")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await add(narrow, mine, "cut", seconds=10)
    await add(narrow, theirs, "theirs")

    assert await labels(database, mine) == ["before"]
    assert await labels(database, theirs) == ["theirs"]


async def test_a_last_statement_that_is_cut_as_the_first_one_fails_nobody_else(
    database: Database, narrow: Database
) -> None:
    mine, theirs = await fresh_workspace(database), await fresh_workspace(database)
    await add(narrow, mine, "before")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), narrow.write(mine) as session:
            await session.conclude(ADD, mine, "cut", 10.0)
    await add(narrow, theirs, "theirs")

    assert await labels(database, mine) == ["before"]
    assert await labels(database, theirs) == ["theirs"]


async def test_a_server_that_does_not_hear_of_a_cut_is_not_waited_for(
    database: Database, narrow: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await fresh_workspace(database)
    await add(narrow, mine, "before")

    async def unheard(**_: object) -> None:
        """Let the server know nothing."""

    monkeypatch.setattr(connect_utils, "_cancel", unheard)
    async with asyncio.timeout(4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await add(narrow, mine, "cut", seconds=5)
        await add(narrow, mine, "after")

    assert await labels(database, mine) == ["after", "before"]


async def test_a_last_statement_after_one_that_failed_is_refused_though_it_is_new_to_the_connection(
    database: Database, narrow: Database
) -> None:
    mine = await fresh_workspace(database)

    async def go_on() -> None:
        async with narrow.write(mine) as session:
            with pytest.raises(DBAPIError):
                await session.execute(sa.text("SELECT 1 / 0"))
            await session.conclude(ADD, mine, "never", 0.0)

    with pytest.raises(CommitRefused):
        await go_on()

    assert await labels(database, mine) == []
