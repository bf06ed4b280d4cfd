"""How Alembic reaches the database: over asyncpg, with a limit on waiting for locks."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.sql.schema import SchemaItem

from core.database import unpooled
from models import Base

_QUEUE = "pgqueuer"


def _ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, compare_to: SchemaItem | None) -> bool:
    """Leave the job queue's own tables out of comparisons."""
    del item, reflected, compare_to
    return not (kind == "table" and name is not None and name.startswith(_QUEUE))


def _configure(connection: Connection | None = None, url: str | None = None) -> None:
    context.configure(
        connection=connection,
        url=url,
        target_metadata=Base.metadata,
        include_object=_ours,
        compare_type=True,
        transaction_per_migration=True,
        literal_binds=connection is None,
    )


def _run(connection: Connection) -> None:
    _configure(connection)
    with context.begin_transaction():
        context.run_migrations()


async def _online(url: str) -> None:
    engine = unpooled(url, lock_timeout="10s")
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


def main() -> None:
    """Migrate over the connection that the caller gave, or over the URL in `sqlalchemy.url`."""
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        message = "set sqlalchemy.url, or use `make migrate`"
        raise SystemExit(message)
    if context.is_offline_mode():
        _configure(url=url)
        with context.begin_transaction():
            context.run_migrations()
        return
    asyncio.run(_online(url))


main()
