"""The short way to read rows: whose they are, what it bears, and how it fails."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa

from core.database import Database, DatabaseAway, DatabaseBusy, PoolLimits
from core.database.connection import Connection
from core.database.rows import RowPool
from models import Label
from tests.fixtures.redis_server import free_port
from tests.fixtures.scratch import fresh_workspace, scratch_database
from tests.fixtures.waiting import until_holds

ALONE = PoolLimits(app=1, writers=1, system=1, rows=1, wait=0.2, reading=0.3)
LABELS = "SELECT workspace_id, name FROM labels ORDER BY name"
PID = "SELECT pg_backend_pid()"
LOCK = 20_261_127
WAITING = f"SELECT pg_advisory_xact_lock({LOCK}), pg_sleep(0)"


@pytest.fixture
async def workspace_id(database: Database) -> UUID:
    return await labelled(database, "Frio")


@pytest.fixture
async def alone(database: Database) -> AsyncIterator[Database]:
    """The same database, with one connection for rows and little patience."""
    opened = Database(database.url, pool=ALONE)
    yield opened
    await opened.close()


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a statement that sleeps was sent."""
    sent: list[int] = []
    fetch = Connection.fetch

    def noted(self: Connection, text: str, *arguments: Any) -> Any:
        if "pg_sleep" in text:
            sent.append(1)
        return fetch(self, text, *arguments)

    monkeypatch.setattr(Connection, "fetch", noted)
    return sent


async def labelled(database: Database, name: str) -> UUID:
    workspace_id = await fresh_workspace(database)
    async with database.write(workspace_id) as session:
        session.add(Label(workspace_id=workspace_id, name=name, color="#112233", position=1))
    return workspace_id


async def rows(database: Database, workspace_id: UUID, text: str = LABELS, *arguments: object) -> list[tuple[Any, ...]]:
    async with database.rows(workspace_id) as reading:
        return [tuple(each) for each in await reading.fetch(text, arguments)]


async def end(database: Database, pid: int) -> None:
    """End a connection, as a restart of the server would."""
    async with database.system() as session:
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        await session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


async def test_one_sees_the_rows_of_ones_workspace_only(alone: Database, workspace_id: UUID) -> None:
    other = await labelled(alone, "Quente")

    assert await rows(alone, workspace_id) == [(workspace_id, "Frio")]
    assert await rows(alone, other) == [(other, "Quente")]


async def test_a_statement_without_a_workspace_sees_nothing(alone: Database, workspace_id: UUID) -> None:
    assert await rows(alone, workspace_id)
    line = await alone._rows.take()

    try:
        assert await line.fetch(LABELS) == []
    finally:
        alone._rows.give_back(line, is_sound=True)


@pytest.mark.parametrize("wrong", ["x", None, "0193'; DROP TABLE labels"])
async def test_a_workspace_is_a_uuid_and_nothing_else(alone: Database, wrong: Any) -> None:
    with pytest.raises(TypeError):
        alone.rows(wrong)


async def test_nothing_can_be_written(alone: Database, workspace_id: UUID) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await rows(alone, workspace_id, "UPDATE labels SET name = 'x' RETURNING id")


async def test_a_connection_that_died_in_the_pool_is_replaced(alone: Database, workspace_id: UUID) -> None:
    ((pid,),) = await rows(alone, workspace_id, PID)
    await end(alone, pid)

    async with alone.rows(workspace_id) as reading:
        assert len(await reading.fetch(LABELS, ())) == 1
        ((now,),) = await reading.fetch(PID, ())

    assert now != pid


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """Hold what `WAITING` waits for."""
    async with database.system() as session:
        await session.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield


async def waits(database: Database, pid: int) -> bool:
    """Tell whether a connection waits for a lock."""
    found = sa.text("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = :pid")
    async with database.system() as session:
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        return await session.scalar(found, {"pid": pid}) is True


async def test_a_statement_whose_connection_ends_is_tried_twice(
    database: Database, workspace_id: UUID, times: list[int]
) -> None:
    patient = Database(database.url, pool=replace(ALONE, reading=10))
    async with patient.rows(workspace_id) as reading:
        ((pid,),) = await reading.fetch(PID, ())
        async with locked(database):
            asking = asyncio.create_task(reading.fetch(WAITING, ()))
            await until_holds(lambda: waits(database, pid))
            await end(database, pid)
        assert len(await asking) == 1
        ((now,),) = await reading.fetch(PID, ())
    await patient.close()

    assert now != pid
    assert len(times) == 2


async def test_a_statement_that_takes_too_long_is_not_tried_again(
    alone: Database, workspace_id: UUID, times: list[int]
) -> None:
    with pytest.raises(DatabaseBusy):
        await rows(alone, workspace_id, "SELECT pg_sleep(5)")

    assert len(times) == 1
    assert len(await rows(alone, workspace_id)) == 1


async def test_a_server_that_falls_silent_is_away_and_is_not_asked_again(
    alone: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = replace(alone._rows._opening, command=0.5)
    monkeypatch.setattr(alone, "_rows", RowPool(opening, size=1, wait=0.2))
    for _ in range(2):
        ((pid,),) = await rows(alone, workspace_id, PID)

    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(DatabaseAway):
            await rows(alone, workspace_id, PID)
        ((now,),) = await rows(alone, workspace_id, PID)
    finally:
        os.kill(pid, signal.SIGCONT)
    await alone._rows.close()

    assert now != pid


async def test_who_waits_for_the_longest_comes_first(alone: Database, workspace_id: UUID) -> None:
    came: list[int] = []

    async def ask(number: int) -> None:
        await rows(alone, workspace_id)
        came.append(number)

    async with alone.rows(workspace_id) as reading:
        await reading.fetch(LABELS, ())
        waiting = [asyncio.create_task(ask(number)) for number in range(5)]
        await asyncio.sleep(0.05)
        waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert came == [0, 2, 3, 4]


async def test_a_database_that_refuses_is_away(workspace_id: UUID) -> None:
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none", pool=ALONE)

    with pytest.raises(DatabaseAway):
        await rows(away, workspace_id)
    await away.close()


async def test_when_every_connection_is_taken_one_hears_of_it(alone: Database, workspace_id: UUID) -> None:
    async with alone.rows(workspace_id) as reading:
        await reading.fetch(LABELS, ())
        with pytest.raises(DatabaseBusy):
            await rows(alone, workspace_id)

    assert len(await rows(alone, workspace_id)) == 1


async def test_a_reading_that_is_cancelled_gives_its_connection_back_clean(alone: Database, workspace_id: UUID) -> None:
    reading = asyncio.create_task(rows(alone, workspace_id, "SELECT pg_sleep(0.25)"))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    line = await alone._rows.take()
    try:
        assert line.is_clean
        assert await line.fetch(LABELS) == []
    finally:
        alone._rows.give_back(line, is_sound=True)
    assert await rows(alone, workspace_id) == [(workspace_id, "Frio")]


async def test_no_connection_is_lost_to_many_that_are_cancelled(database: Database, workspace_id: UUID) -> None:
    few = Database(database.url, pool=PoolLimits(app=1, writers=1, system=1, rows=2, wait=5))
    for number in range(60):
        tasks = [asyncio.create_task(rows(few, workspace_id)) for _ in range(4)]
        await asyncio.sleep(number % 10 * 0.0005)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async with few.rows(workspace_id) as one, few.rows(workspace_id) as other:
        found = [await one.fetch(PID, ()), await other.fetch(PID, ())]
    await few.close()

    assert len({each[0][0] for each in found}) == 2


async def test_a_statement_of_before_a_migration_is_prepared_again() -> None:
    text = "SELECT * FROM labels WHERE workspace_id = $1"
    async with scratch_database() as url:
        database = Database(url, pool=ALONE)
        workspace_id = await labelled(database, "Frio")
        before = await rows(database, workspace_id, text, workspace_id)
        async with database.system() as session:
            await session.execute(sa.text("SET LOCAL ROLE NONE"))
            await session.execute(sa.text("ALTER TABLE labels ADD COLUMN weight integer NOT NULL DEFAULT 7"))
            await session.execute(sa.text("ALTER TABLE labels ALTER COLUMN position TYPE bigint"))
        after = await rows(database, workspace_id, text, workspace_id)
        await database.close()

    assert [*before[0], 7] == [*after[0]]


async def test_json_is_handed_on_as_it_is_written(alone: Database, workspace_id: UUID) -> None:
    written = await rows(alone, workspace_id, """SELECT '{"b": 1.10, "a": [null, "é"]}'::jsonb, $1::jsonb""", '{"x":1}')

    assert written == [('{"a": [null, "é"], "b": 1.10}'.encode(), b'{"x": 1}')]


async def test_closing_leaves_no_connection(database: Database, workspace_id: UUID) -> None:
    opened = Database(database.url, pool=ALONE)
    ((pid,),) = await rows(opened, workspace_id, PID)
    await opened.close()

    gone = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    async with database.system() as session:
        for _ in range(250):
            if not await session.scalar(gone, {"pid": pid}):
                return
            await asyncio.sleep(0.02)
    pytest.fail("a connection is open")


async def test_who_waits_for_a_connection_when_the_pool_closes_is_refused(alone: Database, workspace_id: UUID) -> None:
    async def read() -> None:
        async with alone.rows(workspace_id) as reading:
            await reading.fetch(LABELS, ())

    async with alone.rows(workspace_id) as reading:
        await reading.fetch(LABELS, ())
        waiting = asyncio.create_task(read())
        await asyncio.sleep(0)  # it waits now
        await alone.close()
        async with asyncio.timeout(5):
            with pytest.raises(DatabaseBusy):
                await waiting
