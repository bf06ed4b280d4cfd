"""The tables of the migrations are the tables of the models, and every step can be taken back."""

from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations import run
from models import Base
from tests.fixtures.stores import empty_database


def _differences(connection: Connection) -> list[Any]:
    def ours(item: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith("pgqueuer"))

    options = {"compare_type": True, "include_object": ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


async def test_the_models_and_the_migrations_agree(database_url: str) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)

    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await engine.dispose()

    assert differences == []


async def test_every_step_goes_up_and_down_and_up_again() -> None:
    steps = [each.revision for each in ScriptDirectory.from_config(run.configuration()).walk_revisions()][::-1]

    async with empty_database() as url:
        for step in steps:
            await run.upgrade(url, step)
            await run.downgrade(url, "-1")
            await run.upgrade(url, step)
        await run.downgrade(url, "base")
        left = await _tables(url)

    assert left <= {"alembic_version"}


async def test_every_step_limits_its_wait_for_locks() -> None:
    scripts = ScriptDirectory.from_config(run.configuration())

    patient = [each.revision for each in scripts.walk_revisions() if "lock_timeout" not in _source(each.path)]

    assert patient == []


async def _tables(url: str) -> set[str]:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        found = {row.tablename for row in rows}
    await engine.dispose()
    return found


def _source(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
