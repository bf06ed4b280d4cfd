"""No answer holds a row of another workspace: for every table, every way in, and under fire.

No statement here names the workspace in a condition: what keeps the rows apart is the wall alone. Run this against each
new release of asyncpg and of PostgreSQL before it is taken.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.database import (
    CommitRefused,
    Database,
    DatabaseAway,
    DatabaseBusy,
    PoolLimits,
    ReadSession,
    WriteSession,
    walls,
)
from core.database.rows import RowReading
from models import Contact, Workspace
from tests.fixtures.scratch import scratch_database
from tests.fixtures.twins import TABLES, TENANT_TABLES, WORKSPACE, Rows, furnished_workspace

APPEND_ONLY = {"ai_usage", "audit_entries", "credit_entries", "events"}
READ_ONLY = {"row_counts"}
READABLE = {"users", "workspaces", *(table.name for table in TENANT_TABLES)}
INSUFFICIENT_PRIVILEGE = "42501"
NO_SUCH_KEY = "23503"
OF_NO_WORKSPACE = {
    # people, who stay in the log when they have left
    ("ai_usage", "user_id"),
    ("audit_entries", "actor_id"),
    ("contact_labels", "assigned_by_id"),
    ("contacts", "created_by_id"),
    ("credit_entries", "user_id"),
    ("credit_holds", "user_id"),
    ("events", "actor_id"),
    ("personas", "created_by_id"),
    ("prompt_templates", "created_by_id"),
    ("provider_keys", "created_by_id"),
    ("suggestions", "user_id"),
    ("workspace_invites", "invited_by_id"),
    ("workspace_members", "invited_by_id"),
    ("workspace_members", "user_id"),
    # what a caller names
    ("credit_entries", "request_id"),
    ("suggestions", "request_id"),
    # what may be gone, of any type
    ("audit_entries", "subject_id"),
}
REFERENCES = [
    (table, element.parent.name, element.column)
    for table in TENANT_TABLES
    for key in table.foreign_key_constraints
    if WORKSPACE in key.column_keys
    for element in key.elements
    if element.parent.name != WORKSPACE
]
"""Each column of a tenant's table that names a row together with the workspace, and the column that it names."""
CONNECTIONS = 16
TASKS = 24
OPERATIONS = 100
CHANCE = random.Random()  # noqa: S311

tenant_tables = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)
changeable_tables = pytest.mark.parametrize(
    "table", [each for each in TENANT_TABLES if each.name not in APPEND_ONLY | READ_ONLY], ids=lambda table: table.name
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two workspaces with one row in every table each."""

    one: UUID
    other: UUID
    rows: Rows
    other_rows: Rows


@pytest.fixture(scope="module")
async def twins(database: Database) -> Twins:
    one, rows = await furnished_workspace(database)
    other, other_rows = await furnished_workspace(database)
    return Twins(one=one, other=other, rows=rows, other_rows=other_rows)


@pytest.fixture(scope="module")
async def arena() -> AsyncIterator[str]:
    """A database of this module's own: storms read whole tables, and cut its connections."""
    async with scratch_database() as url:
        yield url


@pytest.fixture
async def crowd(arena: str) -> AsyncIterator[Database]:
    """The arena with many connections, a short patience, and no restraint on writers."""
    limits = PoolLimits(app=CONNECTIONS, writers=CONNECTIONS, system=2, wait=30, reading=0.15, writing=0.3)
    opened = Database(arena, pool=limits)
    yield opened
    await opened.close()


@tenant_tables
async def test_a_read_sees_the_rows_of_its_own_workspace_only(
    database: Database, twins: Twins, table: sa.Table
) -> None:
    for workspace_id in (twins.one, twins.other):
        async with database.read(workspace_id) as session:
            seen = (await session.execute(sa.select(table.c[WORKSPACE]))).all()

        assert seen == [(workspace_id,)]


@tenant_tables
async def test_rows_are_those_of_their_own_workspace_only(database: Database, twins: Twins, table: sa.Table) -> None:
    for workspace_id in (twins.one, twins.other):
        async with database.rows(workspace_id) as reading:
            seen = await reading.fetch(f"SELECT workspace_id FROM {table.name}", ())  # noqa: S608

        assert [each[0] for each in seen] == [workspace_id]


@tenant_tables
async def test_a_write_session_sees_the_rows_of_its_own_workspace_only(
    database: Database, twins: Twins, table: sa.Table
) -> None:
    for workspace_id in (twins.one, twins.other):
        async with database.write(workspace_id) as session:
            seen = (await session.execute(sa.select(table.c[WORKSPACE]))).all()

        assert seen == [(workspace_id,)]


@changeable_tables
async def test_changes_without_a_condition_reach_the_own_rows_only(
    database: Database, twins: Twins, table: sa.Table
) -> None:
    every = sa.update(table).values({WORKSPACE: table.c[WORKSPACE]}).returning(table.c[WORKSPACE])

    async with database.write(twins.one) as session, undone(session):
        assert (await session.scalars(every)).all() == [twins.one]
        assert (await session.scalars(sa.delete(table).returning(table.c[WORKSPACE]))).all() == [twins.one]


@tenant_tables
async def test_a_row_cannot_be_put_into_another_workspace(database: Database, twins: Twins, table: sa.Table) -> None:
    row = {name: value for name, value in twins.other_rows[table.name].items() if table.c[name].computed is None}

    with pytest.raises(DBAPIError) as refused:
        async with database.write(twins.one) as session:
            await session.execute(sa.insert(table).values(row))

    assert state(refused.value) == INSUFFICIENT_PRIVILEGE


@changeable_tables
async def test_a_row_cannot_be_moved_into_another_workspace(database: Database, twins: Twins, table: sa.Table) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.write(twins.one) as session:
            await session.execute(sa.update(table).values({WORKSPACE: twins.other}))

    assert state(refused.value) == INSUFFICIENT_PRIVILEGE


def test_what_names_a_row_names_it_within_the_workspace() -> None:
    composite = {(table.name, name) for table, name, _ in REFERENCES}
    named = {
        (table.name, column.name)
        for table in TENANT_TABLES
        for column in table.c
        if isinstance(column.type, sa.Uuid) and column.name.endswith("_id") and column.name != WORKSPACE
    }

    assert named - composite == OF_NO_WORKSPACE


@pytest.mark.parametrize(("table", "name", "referred"), REFERENCES, ids=lambda each: getattr(each, "name", each))
async def test_a_row_cannot_refer_to_a_row_of_another_workspace(
    database: Database, twins: Twins, table: sa.Table, name: str, referred: sa.Column[UUID]
) -> None:
    foreign = {name: twins.other_rows[referred.table.name][referred.name]}
    statement: sa.Insert | sa.Update = sa.update(table).values(foreign)
    if table.name in APPEND_ONLY:
        statement = sa.insert(table).values({**twins.rows[table.name], "id": uuid4(), **foreign})

    with pytest.raises(IntegrityError) as refused:
        async with database.write(twins.one) as session:
            await session.execute(statement)

    assert state(refused.value) == NO_SUCH_KEY


@pytest.mark.parametrize("table", [each for each in TABLES if each.name not in READABLE], ids=lambda each: each.name)
async def test_tables_of_no_workspace_are_shut(database: Database, twins: Twins, table: sa.Table) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.read(twins.one) as session:
            await session.execute(sa.select(sa.literal(1)).select_from(table))

    assert state(refused.value) == INSUFFICIENT_PRIVILEGE


async def test_of_all_workspaces_and_people_one_sees_itself_and_its_members(database: Database, twins: Twins) -> None:
    people = sa.text("SELECT id FROM users")

    async with database.read(twins.one) as session:
        assert (await session.scalars(sa.select(Workspace.id))).all() == [twins.one]
        assert (await session.scalars(people)).all() == [twins.rows["users"]["id"]]


async def test_a_persons_secrets_are_shut(database: Database, twins: Twins) -> None:
    for secret in ("password_hash", "totp_secret"):
        with pytest.raises(DBAPIError) as refused:
            async with database.read(twins.one) as session:
                await session.execute(sa.select(sa.column(secret)).select_from(sa.table("users")))

        assert state(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("table", sorted(READ_ONLY))
@pytest.mark.parametrize("way", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET id = id", "DELETE FROM {}"])
async def test_what_triggers_write_nobody_else_does(database: Database, twins: Twins, way: str, table: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.write(twins.one) as session:
            await session.execute(sa.text(way.format(table)))

    assert state(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
async def test_the_audit_log_cannot_be_changed_by_anybody(database: Database, twins: Twins, change: str) -> None:
    for way in (database.write(twins.one), database.system()):
        with pytest.raises(DBAPIError) as refused:
            async with way as session:
                await session.execute(sa.text(change))
        assert state(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("log", sorted(APPEND_ONLY))
async def test_no_role_has_the_right_to_change_a_log(database: Database, log: str) -> None:
    """Behind the rights on the audit log stands a trigger, which would hide one too many; behind the events none."""
    held = sa.text(
        "SELECT role FROM unnest(CAST(:roles AS text[])) role WHERE has_any_column_privilege(role, :log, 'UPDATE')"
        " OR has_table_privilege(role, :log, 'TRUNCATE')"
    )

    async with database.system() as session:
        found = (await session.scalars(held, {"roles": [walls.APP_ROLE, walls.SYSTEM_ROLE], "log": log})).all()

    assert found == []


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET action = 'x'", "TRUNCATE audit_entries"])
async def test_not_even_the_owner_changes_the_audit_log(database: Database, change: str) -> None:
    async with database.system() as session, undone(session):
        await session.execute(sa.text("SET LOCAL ROLE NONE"))

        with pytest.raises(DBAPIError, match="append-only"):
            await session.execute(sa.text(change))


async def test_what_goes_around_the_ways_in_sees_nothing(database: Database, twins: Twins) -> None:
    async with database.engine.connect() as connection:
        assert (await connection.execute(sa.select(Contact.id))).all() == []

    async with database.read(twins.one) as session:
        driver = session._line.driver
        assert await driver.fetch("SELECT count(*) FROM contacts") == [(1,)]
        assert await driver.execute("SELECT FROM contacts") == "SELECT 0"
        driver.unbind()
        assert (await session.execute(sa.select(Contact.id))).all() == []


async def test_a_transaction_of_one_write_is_inside_the_wall(database: Database, twins: Twins) -> None:
    theirs = "INSERT INTO labels (workspace_id, id, name, color, position) VALUES ($1, $2, 'x', '#112233', 1)"

    async with database.write(twins.one) as session:
        seen = await session.conclude("SELECT workspace_id FROM contacts")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.write(twins.one) as session:
            await session.conclude(theirs, twins.other, uuid4())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.write(twins.one) as session:
            await session.pipe(theirs, (twins.other.bytes, uuid4().bytes))

    assert [each["workspace_id"] for each in seen] == [twins.one]


async def test_a_writer_that_is_kept_in_hand_is_in_no_workspace(database: Database, twins: Twins) -> None:
    async with database.write(twins.one) as session:
        driver = session._line.driver
        await session.conclude("SELECT 1")

    assert await driver.fetch("SELECT id FROM contacts") == []
    async with database.write(twins.other) as session:
        assert session._line.driver is driver
        assert [each["workspace_id"] for each in await session.fetch(_MARKS_TEXT)] == [twins.other]


async def test_a_workspace_does_not_outlast_its_session_on_a_connection(database: Database, twins: Twins) -> None:
    alone = Database(database.url, pool=PoolLimits(app=1, writers=1, system=1))
    here = sa.text("SELECT pg_backend_pid(), current_setting('app.workspace_id', true)")

    async with alone.read(twins.one) as session:
        read_pid, inside = (await session.execute(here)).one()
    async with alone.write(twins.one) as session:
        write_pid, _ = (await session.execute(here)).one()
    async with alone.engine.connect() as connection:
        after_pid, outside = (await connection.execute(here)).one()
    await alone.close()

    assert read_pid == write_pid == after_pid
    assert inside == str(twins.one)
    assert outside == ""


async def test_a_connection_that_was_left_in_a_workspace_is_not_handed_on(database: Database, twins: Twins) -> None:
    alone = Database(database.url, pool=PoolLimits(app=1, writers=1, system=1))
    async with alone.engine.connect() as connection:
        (await connection.get_raw_connection()).driver_connection.bind(twins.one)

    async with alone.engine.connect() as connection:
        seen = (await connection.execute(sa.select(Contact.id))).all()
    await alone.close()

    assert seen == []


@dataclass(slots=True)
class Fire:
    """What became of a storm of reads and writes."""

    planting: float = 0.0
    answers: int = 0
    planted: int = 0
    foreign: int = 0
    other: Counter[str] = field(default_factory=Counter)

    def judge(self, expected: UUID, seen: list[UUID]) -> None:
        """Note an answer: right when it holds rows, and of no workspace but the expected one."""
        self.answers += 1
        self.foreign += set(seen) != {expected}


_MARKS = sa.select(Contact.workspace_id)
_MARKS_TEXT = "SELECT workspace_id FROM contacts"
_BROKEN = sa.text("SELECT workspace_id, 1 / (length(name) - length(name)) FROM contacts")
_SLOW = sa.text("SELECT workspace_id, pg_sleep(0.2) FROM contacts")
_PAUSE = sa.text("SELECT workspace_id FROM contacts, pg_sleep(0.004)")


async def _read_on(session: ReadSession, workspace_id: UUID, fire: Fire, others: list[UUID]) -> None:
    if CHANCE.random() < fire.planting:
        session._line.driver.bind(CHANCE.choice([each for each in others if each != workspace_id]))
        fire.planted += 1
    for _ in range(CHANCE.randint(1, 3)):
        statement = CHANCE.choices([_MARKS, _PAUSE, _BROKEN, _SLOW], [80, 10, 8, 2])[0]
        fire.judge(workspace_id, list((await session.scalars(statement)).all()))


async def _read_rows(reading: RowReading, workspace_id: UUID, fire: Fire, others: list[UUID]) -> None:
    for turn in range(CHANCE.randint(1, 3)):
        if turn == 1 and CHANCE.random() < fire.planting:
            assert reading._line is not None
            reading._line.bind(CHANCE.choice([each for each in others if each != workspace_id]))
            fire.planted += 1
        statement = CHANCE.choices([_MARKS_TEXT, _PAUSE.text, _BROKEN.text, _SLOW.text], [80, 10, 8, 2])[0]
        fire.judge(workspace_id, [each[0] for each in await reading.fetch(statement, ())])


async def _operate(database: Database, fire: Fire, workspaces: list[UUID]) -> None:
    workspace_id = CHANCE.choice(workspaces)
    if CHANCE.random() < 0.4:
        async with database.rows(workspace_id) as reading:
            await _read_rows(reading, workspace_id, fire, workspaces)
        return
    if CHANCE.random() < 0.7:
        async with database.read(workspace_id) as session:
            await _read_on(session, workspace_id, fire, workspaces)
        return
    async with database.write(workspace_id) as session:
        for statement in CHANCE.choices([_MARKS, _PAUSE, _BROKEN], [80, 10, 10], k=2):
            fire.judge(workspace_id, list((await session.scalars(statement)).all()))
        if CHANCE.random() < 0.3:
            raise ZeroDivisionError


async def _burn(database: Database, fire: Fire, workspaces: list[UUID]) -> None:
    for _ in range(OPERATIONS):
        task = asyncio.create_task(_operate(database, fire, workspaces))
        if CHANCE.random() < 0.1:
            await asyncio.sleep(CHANCE.random() * 0.006)
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        fire.other[type(outcome).__name__] += outcome is not None
        failed = DBAPIError | asyncpg.PostgresError | DatabaseBusy
        expected = failed | CommitRefused | ZeroDivisionError | asyncio.CancelledError
        if outcome is not None and not isinstance(outcome, expected):
            raise outcome


@pytest.fixture(scope="module")
async def street(arena: str) -> list[UUID]:
    """Several workspaces of the arena, each with rows."""
    database = Database(arena)
    try:
        return [(await furnished_workspace(database))[0] for _ in range(8)]
    finally:
        await database.close()


async def test_no_answer_is_foreign_under_errors_timeouts_and_cancels(crowd: Database, street: list[UUID]) -> None:
    fire = Fire()

    await asyncio.gather(*(_burn(crowd, fire, street) for _ in range(TASKS)))

    assert fire.foreign == 0
    assert fire.answers > TASKS * OPERATIONS
    caught = {"CancelledError", "DBAPIError", "DatabaseSlow", "DivisionByZeroError", "ZeroDivisionError"}
    assert caught <= fire.other.keys()


async def test_a_planted_leak_is_found(crowd: Database, street: list[UUID]) -> None:
    fire = Fire(planting=0.02)

    await asyncio.gather(*(_burn(crowd, fire, street) for _ in range(TASKS // 2)))

    assert fire.planted > 0
    assert fire.foreign >= fire.planted // 2


async def test_walls_hold_while_connections_are_cut(crowd: Database, street: list[UUID]) -> None:
    fire, refused = Fire(), 0

    async def cut() -> None:
        for _ in range(6):
            await asyncio.sleep(0.05)
            async with crowd.system() as session:
                await session.execute(sa.text("SET LOCAL ROLE NONE"))
                await session.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                        " AND application_name = 'whatshybrid_app' AND random() < 0.5"
                    )
                )

    async def read() -> None:
        nonlocal refused
        for _ in range(60):
            workspace_id = CHANCE.choice(street)
            try:
                if CHANCE.random() < 0.5:
                    async with crowd.rows(workspace_id) as reading:
                        fire.judge(workspace_id, [each[0] for each in await reading.fetch(_MARKS_TEXT, ())])
                    continue
                async with crowd.read(workspace_id) as session:
                    fire.judge(workspace_id, list((await session.scalars(_MARKS)).all()))
            except (DatabaseAway, DatabaseBusy):
                refused += 1

    await asyncio.gather(cut(), *(read() for _ in range(TASKS)))

    assert fire.foreign == 0
    assert fire.answers + refused == TASKS * 60
    assert refused < 10, "a read that was cut is tried again: without that, 15 to 35 of these are refused"


@asynccontextmanager
async def undone(session: WriteSession) -> AsyncIterator[None]:
    """Undo what happens inside."""
    inner = await session.begin_nested()
    try:
        yield
    finally:
        await inner.rollback()


def state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", "")
