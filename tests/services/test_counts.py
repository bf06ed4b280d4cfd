"""Kept counts are those of the rows: under concurrent writers, folding, archiving and deletion."""

import asyncio
import contextlib
import random
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from core.database import Database, WriteSession
from core.ground import Ground
from models import COUNTED, Contact, RowCount, Workspace
from services import counts
from services.contacts import archiving, creation
from services.contacts.drafting import ContactDraft
from services.transaction import begin
from tests.fixtures.scratch import fresh_workspace, scratch_database
from tests.fixtures.tenants import Tenant

WRITERS, STEPS = 8, 30
CHANCE = random.Random()  # noqa: S311
_BOTH = sa.text("""
    SELECT coalesce(f.part, k.part) AS part, coalesce(f.n, 0) AS rows, coalesce(k.n, 0) AS kept
    FROM (SELECT is_archived AS part, count(*) AS n FROM contacts GROUP BY 1) f
    FULL JOIN (SELECT part, sum(delta) AS n FROM row_counts WHERE counted = 'contacts' GROUP BY 1) k USING (part)
""")
_BULK = sa.text("""
    INSERT INTO contacts (workspace_id, id, name, archived_at)
    SELECT :here, gen_random_uuid(), 'Ana ' || n, CASE WHEN n % 3 = 0 THEN now() END FROM generate_series(1, :n) n
""")
_TURN = sa.text("""
    UPDATE contacts SET archived_at = CASE WHEN archived_at IS NULL THEN now() END
    WHERE id IN (SELECT id FROM contacts ORDER BY random() LIMIT 7 FOR UPDATE SKIP LOCKED)
""")
_RENAME = sa.text(
    "UPDATE contacts SET name = name || '.' WHERE id IN (SELECT id FROM contacts LIMIT 5 FOR UPDATE SKIP LOCKED)"
)
_DROP = sa.text(
    "DELETE FROM contacts WHERE id IN (SELECT id FROM contacts ORDER BY random() LIMIT 3 FOR UPDATE SKIP LOCKED)"
)


async def both(database: Database, workspace_id: UUID) -> dict[bool, tuple[int, int]]:
    """The numbers of rows, and the kept counts, in one snapshot."""
    async with database.read(workspace_id) as session:
        return {row.part: (row.rows, row.kept) for row in await session.execute(_BOTH)}


async def is_exact(database: Database, workspace_id: UUID) -> bool:
    return all(rows == kept for rows, kept in (await both(database, workspace_id)).values())


class Undone(Exception):
    """A writer takes back what it did."""


async def change(session: WriteSession, here: UUID) -> None:
    for way in CHANCE.choices([_BULK, _TURN, _RENAME, _DROP], k=2):
        await session.execute(way, {"here": here, "n": CHANCE.randint(1, 40)} if way is _BULK else {})
    if CHANCE.random() < 0.2:
        raise Undone


async def test_counts_are_exact_throughout_a_storm_of_writers(database: Database) -> None:
    workspace_ids = [await fresh_workspace(database) for _ in range(2)]
    looks: list[bool] = []
    over = asyncio.Event()

    async def write() -> None:
        for _ in range(STEPS):
            here = CHANCE.choice(workspace_ids)
            with contextlib.suppress(Undone):
                async with database.write(here) as session:
                    await change(session, here)

    async def look() -> None:
        while not over.is_set():
            looks.extend([await is_exact(database, each) for each in workspace_ids])
            await counts.fold(database)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    over.set()
    await looking

    assert len(looks) >= 10
    assert all(looks)
    for each in workspace_ids:
        assert sum(rows for rows, _ in (await both(database, each)).values()) > 0
        assert await is_exact(database, each)


async def test_writers_of_one_workspace_do_not_wait_for_one_another(database: Database) -> None:
    here = await fresh_workspace(database)

    async with asyncio.timeout(5), database.write(here) as one, database.write(here) as other:
        await one.execute(_BULK, {"here": here, "n": 3})
        await other.execute(_BULK, {"here": here, "n": 3})

    assert await both(database, here) == {False: (4, 4), True: (2, 2)}


async def test_the_verbs_of_contacts_keep_the_count(ground: Ground, tenant: Tenant) -> None:
    async with begin(ground, tenant.owner) as tx:
        made = [await creation.create(tx, ContactDraft(name=f"Ana {number}")) for number in range(5)]
    ids = [each.id for each in made]
    async with begin(ground, tenant.owner) as tx:
        await archiving.archive(tx, ids[:3])
    async with begin(ground, tenant.owner) as tx:
        await archiving.restore(tx, ids[:1])
        await archiving.remove(tx, ids[1:2])

    assert await both(ground.database, tenant.workspace_id) == {False: (3, 3), True: (1, 1)}


async def test_a_workspace_takes_its_counts_along(database: Database) -> None:
    here = await fresh_workspace(database)
    async with database.write(here) as session:
        await session.execute(_BULK, {"here": here, "n": 10})

    async with database.system() as session:
        await session.execute(sa.delete(Workspace).where(Workspace.id == here))

    async with database.system() as session:
        assert (await session.scalars(sa.select(RowCount.id).where(RowCount.workspace_id == here))).all() == []


async def test_folding_leaves_one_row_a_count(database: Database) -> None:
    here = await fresh_workspace(database)
    for _ in range(5):
        async with database.write(here) as session:
            await session.execute(_BULK, {"here": here, "n": 3})

    await counts.fold(database)

    async with database.read(here) as session:
        kept = (await session.execute(sa.select(RowCount.part, RowCount.delta).order_by(RowCount.part))).all()
    assert kept == [(False, 10), (True, 5)]


async def test_a_wrong_count_is_made_good_and_logged() -> None:
    async with scratch_database() as url:
        database = Database(url)
        here, other = [await fresh_workspace(database) for _ in range(2)]
        for each in (here, other):
            async with database.write(each) as session:
                await session.execute(_BULK, {"here": each, "n": 9})
        async with database.system() as session:
            session.add(RowCount(workspace_id=here, counted="contacts", part=True, delta=4))

        with capture_logs() as logs:
            found = [await counts.recount(database), await counts.recount(database)]

        assert found == [1, 0]
        assert [(each["log_level"], each["workspace"], each["lacked"]) for each in logs] == [("error", str(here), -4)]
        assert await both(database, here) == {False: (6, 6), True: (3, 3)}
        await database.close()


async def test_nobody_appends_for_another_workspace(database: Database) -> None:
    here, other = [await fresh_workspace(database) for _ in range(2)]

    async with database.write(here) as session:
        session.add(Contact(workspace_id=here, id=uuid4(), name="Ana"))

    assert await both(database, here) == {False: (1, 1)}
    assert await both(database, other) == {}


@pytest.mark.parametrize("table", sorted(COUNTED))
async def test_the_counting_functions_cannot_be_called(database: Database, table: str) -> None:
    may = sa.text("SELECT has_function_privilege('whatshybrid_app', CAST(:name AS regprocedure), 'EXECUTE')")

    async with database.system() as session:
        assert not await session.scalar(may, {"name": f"count_{table}()"})
