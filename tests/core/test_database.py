"""The three ways into PostgreSQL: what they keep, what they undo, and how they fail."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError

from core.database import (
    CommitMisplaced,
    CommitRefused,
    Database,
    DatabaseAway,
    DatabaseBusy,
    PoolLimits,
    ReadSession,
    WriteSession,
    constraint_of,
)
from core.ids import uuid7
from models import Label, Workspace, WorkspaceSettings
from tests.fixtures.redis_server import free_port
from tests.fixtures.scratch import fresh_workspace

QUICK = PoolLimits(app=2, writers=1, system=1, wait=0.2, reading=0.1, writing=0.2, lock=0.1)
SLEEP = sa.text("SELECT pg_sleep(5)")


@pytest.fixture
async def workspace_id(database: Database) -> UUID:
    return await fresh_workspace(database)


@pytest.fixture
async def quick(database: Database) -> AsyncIterator[Database]:
    """The same database with few connections and little patience."""
    opened = Database(database.url, pool=QUICK)
    yield opened
    await opened.close()


async def labels(database: Database, workspace_id: UUID) -> list[str]:
    async with database.read(workspace_id) as session:
        return list(await session.scalars(sa.select(Label.name).order_by(Label.name)))


def label(workspace_id: UUID, name: str) -> Label:
    return Label(workspace_id=workspace_id, name=name, color="#112233", position=1)


async def cut(database: Database, role: str) -> None:
    """End the connections of a role, as a restart of the server would."""
    async with database.system() as session:
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        await session.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = :role AND pid <> pg_backend_pid()"
            ),
            {"role": role},
        )


async def test_a_clean_end_commits_and_rows_stay_readable(database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        row = label(workspace_id, "vip")
        session.add(row)

    assert row.name == "vip"
    assert row.created_at.tzinfo is not None
    assert await labels(database, workspace_id) == ["vip"]


async def test_an_error_rolls_everything_back(database: Database, workspace_id: UUID) -> None:
    async def fail() -> None:
        async with database.write(workspace_id) as session:
            session.add(label(workspace_id, "vip"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await labels(database, workspace_id) == []


async def test_a_cancelled_write_rolls_back(database: Database, workspace_id: UUID) -> None:
    async def write() -> None:
        async with database.write(workspace_id) as session:
            session.add(label(workspace_id, "vip"))
            await session.flush()
            await session.execute(SLEEP)

    task = asyncio.create_task(write())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await labels(database, workspace_id) == []


async def test_a_nested_part_is_undone_alone(database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        session.add(label(workspace_id, "first"))
        await session.flush()
        with pytest.raises(IntegrityError) as refused:
            await add_within(session, label(workspace_id, "First"))
        session.add(label(workspace_id, "second"))

    assert constraint_of(refused.value) == "uq_labels_name"
    assert await labels(database, workspace_id) == ["first", "second"]


async def add_within(session: WriteSession, row: Label) -> None:
    async with session.begin_nested():
        session.add(row)


async def test_going_on_after_a_failed_statement_stores_nothing_and_says_so(
    database: Database, workspace_id: UUID
) -> None:
    async def go_on() -> None:
        async with database.write(workspace_id) as session:
            session.add(label(workspace_id, "vip"))
            await session.flush()
            with pytest.raises(DBAPIError):
                await session.execute(sa.text("SELECT 1 / 0"))

    with pytest.raises(CommitRefused):
        await go_on()

    assert await labels(database, workspace_id) == []


async def test_going_on_after_a_failed_flush_stores_nothing_and_says_so(database: Database, workspace_id: UUID) -> None:
    async def go_on() -> None:
        async with database.write(workspace_id) as session:
            session.add(label(workspace_id, "vip"))
            await session.flush()
            session.add(label(workspace_id, "VIP"))
            with pytest.raises(IntegrityError):
                await session.flush()

    with pytest.raises(PendingRollbackError):
        await go_on()

    assert await labels(database, workspace_id) == []


async def test_only_the_way_in_commits(database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        for end in (session.commit, session.rollback):
            with pytest.raises(CommitMisplaced):
                await end()


async def test_a_read_cannot_write(database: Database, workspace_id: UUID) -> None:
    for change in ("DELETE FROM labels", "CREATE TEMP TABLE t (a int)"):
        with pytest.raises(DBAPIError, match="read-only"):
            async with database.read(workspace_id) as session:
                await session.execute(sa.text(change))


async def test_a_read_that_has_ended_answers_no_more(database: Database, workspace_id: UUID) -> None:
    async with database.read(workspace_id) as session:
        pass

    with pytest.raises(RuntimeError):
        await session.scalar(sa.text("SELECT 1"))


@pytest.mark.parametrize("wrong", ["", "x'; DROP TABLE users; --", None, 7, "0193a5b0-7c1e-7d2a-9f3b-2c4d5e6f7a8b"])
async def test_a_workspace_is_a_uuid_and_nothing_else(database: Database, wrong: object) -> None:
    for way in (database.read, database.write):
        with pytest.raises(TypeError):
            async with way(wrong):
                pass


async def test_values_come_back_as_they_were(database: Database, workspace_id: UUID) -> None:
    document = {"ação": [1, 2.5, None, True, {"😀": "\\u0000"}], "big": 2**53}
    moment = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
    typed = sa.select(
        sa.cast(sa.literal(document, sa.JSON()), sa.dialects.postgresql.JSONB).label("document"),
        sa.literal(moment, sa.DateTime(timezone=True)).label("moment"),
        sa.literal(workspace_id, sa.Uuid()).label("id"),
    )

    async with database.read(workspace_id) as session:
        row = (await session.execute(typed)).one()
        zone = await session.scalar(sa.text("SHOW timezone"))

    assert (row.document, row.moment, row.id) == (document, moment, workspace_id)
    assert row.moment.utcoffset() == timedelta()
    assert zone == "UTC"


async def test_the_system_makes_workspaces_and_sees_them_all(database: Database) -> None:
    made = [await fresh_workspace(database) for _ in range(2)]

    async with database.system() as session:
        seen = (await session.scalars(sa.select(Workspace.id).where(Workspace.id.in_(made)))).all()

    assert sorted(seen) == sorted(made)


async def test_reads_and_writes_survive_the_loss_of_every_connection(database: Database, workspace_id: UUID) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(labels(database, workspace_id))
    await cut(database, "whatshybrid_app")
    await cut(database, "whatshybrid_system")

    assert await labels(database, workspace_id) == []
    async with database.write(workspace_id) as session:
        session.add(label(workspace_id, "vip"))
    async with database.system() as session:
        assert await session.scalar(sa.select(Workspace.id).where(Workspace.id == workspace_id)) == workspace_id
    assert await labels(database, workspace_id) == ["vip"]


async def test_a_write_that_loses_its_connection_is_not_repeated(database: Database, workspace_id: UUID) -> None:
    runs = 0

    async def write() -> None:
        nonlocal runs
        async with database.write(workspace_id) as session:
            runs += 1
            session.add(label(workspace_id, "vip"))
            await session.flush()
            await cut(database, "whatshybrid_app")
            await session.execute(sa.text("SELECT 1"))

    with pytest.raises(DatabaseAway):
        await write()

    assert runs == 1
    assert await labels(database, workspace_id) == []


async def test_a_last_statement_that_cannot_be_sent_ends_no_other_transaction(
    database: Database, workspace_id: UUID
) -> None:
    add = "INSERT INTO labels (workspace_id, id, name, color, position) VALUES ($1, $2, 'vip', '#112233', 1)"

    async def conclude_with(key: object) -> None:
        async with database.write(workspace_id) as session:
            await session.conclude(add, workspace_id, key)

    async def fail() -> None:
        async with database.write(workspace_id) as session:
            await session.fetch(add, workspace_id, uuid7())
            raise ZeroDivisionError

    with pytest.raises(asyncpg.DataError):
        await conclude_with("no id")
    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await labels(database, workspace_id) == []


async def test_a_last_statement_survives_a_change_of_its_table(database: Database, workspace_id: UUID) -> None:
    table = f"grown_{workspace_id.hex}"
    await administer(database, f"CREATE TABLE {table} (a int)", f"GRANT SELECT ON {table} TO whatshybrid_app")
    alone = Database(database.url, pool=PoolLimits(app=2, writers=1, system=1))

    async def columns() -> list[str]:
        async with alone.write(workspace_id) as session:
            return await session.conclude(f"SELECT * FROM {table}")  # noqa: S608

    try:
        await columns()
        await administer(database, f"ALTER TABLE {table} ADD b int")
        with pytest.raises(asyncpg.InvalidCachedStatementError):
            await columns()
        assert await columns() == []
    finally:
        await alone.close()
        await administer(database, f"DROP TABLE {table}")


async def test_a_changed_table_does_not_break_connections_that_knew_it(database: Database, workspace_id: UUID) -> None:
    table = f"grown_{workspace_id.hex}"
    every = sa.text(f"SELECT * FROM {table}")  # noqa: S608
    await administer(database, f"CREATE TABLE {table} (a int)", f"GRANT SELECT ON {table} TO whatshybrid_app")
    alone = Database(database.url, pool=PoolLimits(app=1, writers=1, system=1))
    try:
        async with alone.read(workspace_id) as session:
            assert (await session.execute(every)).keys() == ["a"]
        await administer(database, f"ALTER TABLE {table} ADD b int")
        async with alone.read(workspace_id) as session:
            assert (await session.execute(every)).keys() == ["a", "b"]
    finally:
        await alone.close()
        await administer(database, f"DROP TABLE {table}")


async def administer(database: Database, *statements: str) -> None:
    async with database.system() as session:
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        for statement in statements:
            await session.execute(sa.text(statement))


async def test_statements_that_take_too_long_are_ended(quick: Database, workspace_id: UUID) -> None:
    for way in (quick.read, quick.write):
        began = time.monotonic()
        with pytest.raises(DatabaseBusy):
            async with way(workspace_id) as session:
                await session.execute(SLEEP)
        assert time.monotonic() - began < 2

    assert await labels(quick, workspace_id) == []


async def test_a_lock_is_not_waited_for_forever(quick: Database, workspace_id: UUID) -> None:
    own = sa.select(Workspace.id).with_for_update()

    async with quick.system() as session:
        await session.execute(own.where(Workspace.id == workspace_id))
        with pytest.raises(DatabaseBusy):
            async with quick.write(workspace_id) as waiting:
                await waiting.execute(own)


async def test_when_every_connection_is_taken_one_hears_of_it(quick: Database, workspace_id: UUID) -> None:
    async with quick.read(workspace_id), quick.read(workspace_id):
        with pytest.raises(DatabaseBusy):
            async with quick.read(workspace_id) as third:
                await third.scalar(sa.text("SELECT 1"))

    assert await labels(quick, workspace_id) == []


async def test_waiting_writers_leave_connections_to_the_readers(quick: Database, workspace_id: UUID) -> None:
    async with quick.write(workspace_id):
        with pytest.raises(DatabaseBusy):
            async with quick.write(workspace_id):
                pass
        assert await labels(quick, workspace_id) == []


async def test_no_connection_is_lost_to_cancelled_callers(database: Database, workspace_id: UUID) -> None:
    few = Database(database.url, pool=PoolLimits(app=3, writers=2, system=1))
    for round_ in range(40):
        way = few.write if round_ % 2 else few.read
        task = asyncio.create_task(sleep_on(way(workspace_id)))
        await asyncio.sleep(0.001 * (round_ % 10))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(5), few.read(workspace_id), few.read(workspace_id), few.read(workspace_id):
        pass
    await few.close()


async def sleep_on(way: AbstractAsyncContextManager[WriteSession | ReadSession]) -> None:
    async with way as session:
        await session.execute(SLEEP)


async def test_a_database_that_refuses_is_away() -> None:
    nowhere = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")

    await assert_away(nowhere)


async def test_a_database_that_is_silent_is_away_in_seconds() -> None:
    async with silence() as port:
        await assert_away(Database(f"postgresql://nobody@127.0.0.1:{port}/nothing", pool=PoolLimits(connect=0.5)))


async def assert_away(database: Database) -> None:
    async def read() -> None:
        async with database.read(uuid7()) as session:
            await session.scalar(sa.text("SELECT 1"))

    async def write() -> None:
        async with database.write(uuid7()):
            pass

    ways: list[Callable[[], Awaitable[None]]] = [database.ping, read, write]
    for way in ways:
        began = time.monotonic()
        with pytest.raises(DatabaseAway):
            await way()
        assert time.monotonic() - began < 2
    await database.close()


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A port that takes connections, and says nothing."""
    opened: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: opened.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in opened:
        writer.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql+asyncpg://ana:s@db:5433/crm", "postgresql://ana:s@db:5433/crm"),
        ("postgres://db/crm?sslmode=require", "postgresql://db/crm?sslmode=require"),
        ("postgresql:///crm?host=/run/postgresql", "postgresql:///crm?host=/run/postgresql"),
    ],
)
async def test_addresses_are_kept_in_the_common_form(given: str, kept: str) -> None:
    assert Database(given).url == kept


async def test_an_address_does_not_show_its_password() -> None:
    assert "s3cret" not in repr(Database("postgresql://ana:s3cret@db/crm"))


async def test_the_servers_limits_are_set_on_every_connection(database: Database, workspace_id: UUID) -> None:
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout", "transaction_read_only")
    ask = sa.select(*(sa.func.current_setting(name) for name in names))

    async with database.read(workspace_id) as session:
        reading = tuple((await session.execute(ask)).one())
    async with database.write(workspace_id) as session:
        writing = tuple((await session.execute(ask)).one())

    assert reading == ("10s", "30s", "15s", "on")
    assert writing == ("10s", "30s", "30s", "off")


async def test_an_unset_workspace_is_no_row(database: Database, workspace_id: UUID) -> None:
    async with database.system() as session:
        session.add(WorkspaceSettings(workspace_id=workspace_id))

    async with database.engine.connect() as connection:
        assert (await connection.execute(sa.select(WorkspaceSettings.workspace_id))).all() == []


async def test_closing_leaves_no_connection(database: Database, workspace_id: UUID) -> None:
    opened = Database(database.url, pool=QUICK)
    pid, pids = sa.text("SELECT pg_backend_pid()"), list[int]()
    for way in (opened.read(workspace_id), opened.write(workspace_id), opened.system()):
        async with way as session:
            pids.append(await session.scalar(pid))

    await opened.close()

    left = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(:pids)").bindparams(
        sa.bindparam("pids", type_=sa.ARRAY(sa.Integer))
    )
    async with asyncio.timeout(5), database.system() as session:
        while await session.scalar(left, {"pids": pids}):
            await session.execute(sa.text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
