"""The look at start-up: a standing wall is let through, and every hole that is made in it is found."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from core.database import Database, WallBroken, inspection, walls
from tests.fixtures.scratch import scratch_database
from tests.fixtures.stores import empty_database
from tests.fixtures.twins import furnished_workspace

TEXTS = (
    "CREATE OR REPLACE VIEW contact_texts AS SELECT workspace_id, id, name_key, named_after, company, email,"
    " search_text, search_document FROM contacts"
)
HOLES = {
    "roles are stronger": (
        "ALTER ROLE whatshybrid_app BYPASSRLS",
        "ALTER ROLE whatshybrid_app SUPERUSER",
        "ALTER ROLE whatshybrid_app LOGIN",
        "ALTER ROLE whatshybrid_system SUPERUSER",
        "GRANT whatshybrid_system TO whatshybrid_app",
        "ALTER TABLE labels OWNER TO whatshybrid_app",
        "ALTER TABLE labels OWNER TO whatshybrid_system",
        "ALTER VIEW contact_texts OWNER TO whatshybrid_app",
    ),
    "roles are missing": ("ALTER ROLE whatshybrid_app RENAME TO whatshybrid_gone",),
    "tables are open: .*labels": (
        "ALTER TABLE labels DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE labels NO FORCE ROW LEVEL SECURITY",
        "CREATE VIEW all_labels AS SELECT * FROM labels; GRANT SELECT ON all_labels TO whatshybrid_app",
    ),
    "tables are open: .*contact_texts": (
        TEXTS,
        f"{TEXTS} WHERE workspace_id = {walls.INSIDE} OR name_key = 'x'",
        f"{TEXTS} WHERE workspace_id IS NOT NULL",
        "GRANT DELETE ON contact_texts TO whatshybrid_app",
        "ALTER VIEW contact_texts OWNER TO CURRENT_USER",
    ),
    "functions act": ("GRANT EXECUTE ON FUNCTION count_contacts() TO whatshybrid_app",),
    "tables are open: .*deals": ("CREATE TABLE deals (workspace_id uuid)",),
    "policies do not keep": (
        "CREATE POLICY more ON labels TO whatshybrid_app USING (true)",
        "CREATE POLICY more ON labels USING (true)",
        "ALTER POLICY app_labels ON labels USING (true)",
        "ALTER POLICY app_labels ON labels WITH CHECK (true)",
        "ALTER POLICY app_labels ON labels TO PUBLIC",
        "ALTER POLICY app_labels ON labels USING (workspace_id IS NOT NULL)",
        "ALTER POLICY system_labels ON labels TO PUBLIC",
    ),
}


@pytest.fixture
async def admin(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of the login, whose work is undone."""
    engine = create_async_engine(address(database_url), poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection
        await connection.rollback()
    await engine.dispose()


def address(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def test_a_standing_wall_is_let_through(database: Database) -> None:
    await furnished_workspace(database)

    await database.verify_walls()


@pytest.mark.parametrize(
    ("complaint", "hole"), [(complaint, hole) for complaint, holes in HOLES.items() for hole in holes]
)
async def test_a_hole_in_the_catalogue_is_found(admin: AsyncConnection, complaint: str, hole: str) -> None:
    await inspection.check_catalogue(admin)
    for statement in hole.split("; "):
        await admin.execute(sa.text(statement))

    with pytest.raises(WallBroken, match=complaint):
        await inspection.check_catalogue(admin)


async def test_rows_that_can_be_seen_from_outside_are_found() -> None:
    async with scratch_database() as url:
        database = Database(url)
        await furnished_workspace(database)
        async with database.system() as session:
            await session.execute(sa.text("SET LOCAL ROLE NONE"))
            await session.execute(sa.text("ALTER POLICY app_workspaces ON workspaces USING (true)"))

        with pytest.raises(WallBroken, match="from outside of their workspace: workspaces"):
            await database.verify_walls()
        await database.close()


async def test_a_database_that_was_never_migrated_is_told_apart() -> None:
    async with empty_database() as url:
        database = Database(url)
        with pytest.raises(WallBroken, match="migrate"):
            await database.verify_walls()
        await database.close()


async def test_many_databases_make_the_roles_at_once(database_url: str) -> None:
    role = f"race_{uuid.uuid4().hex[:8]}"
    statement = walls.role_statements()[0].replace(walls.APP_ROLE, role)
    count = sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
    engine = create_async_engine(address(database_url), pool_size=8)

    async def make() -> None:
        async with engine.begin() as connection:
            await connection.execute(sa.text(statement))
            await connection.execute(sa.text("SELECT pg_sleep(0.05)"))

    try:
        await asyncio.gather(*(make() for _ in range(8)))
        async with engine.begin() as connection:
            found = (await connection.execute(count, {"role": role})).scalar()
            await connection.execute(sa.text(f"DROP ROLE {role}"))
    finally:
        await engine.dispose()

    assert found == 1
