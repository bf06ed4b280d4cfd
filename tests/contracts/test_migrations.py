"""The tables of the migrations are the tables of the models, and every step can be taken back."""

import ast
import re
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Enum, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations import run
from models import Base
from tests.fixtures.stores import administer, empty_database


def _differences(connection: Connection) -> list[Any]:
    def ours(item: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith("pgqueuer"))

    options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


async def test_the_models_and_the_migrations_agree(database_url: str) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)

    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await engine.dispose()

    assert differences == []


async def test_the_database_takes_the_values_that_the_models_know(database_url: str) -> None:
    """Alembic compares no CHECK, and a list of values is one."""
    known = {
        f"ck_{table.name}_{column.type.name}": set(column.type.enums)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, Enum) and column.type.create_constraint
    }
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)

    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT conname, pg_get_constraintdef(oid) AS condition FROM pg_constraint WHERE contype = 'c'")
        )
        taken = {row.conname: set(re.findall("'([^']*)'", row.condition)) for row in rows}
    await engine.dispose()

    assert {name: values ^ taken.get(name, set()) for name, values in known.items() if values != taken.get(name)} == {}


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


_LABELLED = """
    INSERT INTO workspaces (id, name, slug) VALUES (gen_random_uuid(), 'Padaria', 'padaria');
    INSERT INTO labels (workspace_id, id, name, color, position)
        SELECT id, gen_random_uuid(), 'Quente', '#112233', 1 FROM workspaces;
    INSERT INTO contacts (workspace_id, id, name, created_at)
        SELECT w.id, gen_random_uuid(), 'Ana', now() - n * interval '1 minute'
        FROM workspaces w, generate_series(1, 30) n;
    INSERT INTO contact_labels (workspace_id, contact_id, label_id)
        SELECT c.workspace_id, c.id, l.id FROM contacts c JOIN labels l ON l.workspace_id = c.workspace_id
"""
_BROKEN_OFF = (
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_contact_labels_contact_created_at'::regclass"
)
_UNFIT = """
    SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid)
        + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)
"""
_COPIES = """
    SELECT count(*) FROM contact_labels l JOIN contacts c ON c.workspace_id = l.workspace_id AND c.id = l.contact_id
    WHERE l.contact_created_at = c.created_at
"""


async def test_labels_that_were_on_contacts_are_in_their_order_even_if_a_step_was_broken_off() -> None:
    async with empty_database() as url:
        await run.upgrade(url, "0010_acts_in_order")
        await administer(url, _LABELLED)
        await run.upgrade(url, "0011_labelled_in_order")
        # as if it had ended before its last word: a build that was broken off, and what was done
        await administer(url, "UPDATE alembic_version SET version_num = '0010_acts_in_order'")
        await administer(url, _BROKEN_OFF)
        await run.upgrade(url, "0011_labelled_in_order")
        copies = await _asked(url, _COPIES)
        unfit = await _asked(url, _UNFIT)

    assert (copies, unfit) == (30, 0)


async def test_every_step_limits_its_wait_for_locks() -> None:
    scripts = ScriptDirectory.from_config(run.configuration())

    patient = [
        f"{each.revision}.{way.name}"
        for each in scripts.walk_revisions()
        for way in _ways(each.path)
        if "SET LOCAL lock_timeout" not in ast.unparse(way.body[1 if ast.get_docstring(way) else 0])
    ]

    assert patient == []


async def test_an_index_on_a_table_that_was_there_is_built_beside_its_writers() -> None:
    scripts = ScriptDirectory.from_config(run.configuration())

    shut = [
        f"{each.revision}: {ast.unparse(call)}"
        for each in scripts.walk_revisions()
        for way in _ways(each.path)
        if way.name == "upgrade"
        for call in _calls(way, "create_index")
        if ast.unparse(call.args[1]) not in {ast.unparse(made.args[0]) for made in _calls(way, "create_table")}
        if "postgresql_concurrently" not in {given.arg for given in call.keywords}
    ]

    assert shut == []


async def _asked(url: str, question: str) -> int:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.connect() as connection:
        answer = (await connection.execute(text(question))).scalar_one()
    await engine.dispose()
    return answer


async def _tables(url: str) -> set[str]:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        found = {row.tablename for row in rows}
    await engine.dispose()
    return found


def _ways(path: str) -> list[ast.FunctionDef]:
    """Return a migration's ways up and down."""
    body = ast.parse(Path(path).read_text(encoding="utf-8")).body
    return [each for each in body if isinstance(each, ast.FunctionDef) and each.name in ("upgrade", "downgrade")]


def _calls(way: ast.FunctionDef, name: str) -> list[ast.Call]:
    return [each for each in ast.walk(way) if isinstance(each, ast.Call) and ast.unparse(each.func) == f"op.{name}"]
