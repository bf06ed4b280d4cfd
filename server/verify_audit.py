"""`python -m server.verify_audit`: walks every workspace's audit log, and names the first entry that does not hold.

It reads the database in `DATABASE_URL`, or the embedded one, which may be in use meanwhile. It returns
0 when all chains hold, 1 when one is broken, 2 when it could not look.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, union

from core import ids
from core.database import Database, PoolLimits
from core.embedded import EmbeddedStores, FolderInUse, StoreFailed, database_of
from core.settings import Settings, SettingsInvalid, load_settings
from models import AuditEntry, Workspace, WorkspaceCounter
from server.process import DatabaseRefused, database_refusals
from services import audit

_FEW: Final = PoolLimits(app=1, writers=1, system=2)
_BROKEN: Final = 1
_UNSEEN: Final = 2


class NothingKept(Exception):
    """There is no database yet, in the folder that is named."""


@asynccontextmanager
async def _database_url(settings: Settings) -> AsyncGenerator[str]:
    """Find the database: a server's, that of a process that runs here, or the one in the folder, started for this."""
    if settings.stores.database_url is not None:
        yield settings.stores.database_url
        return
    folder = settings.server.data_dir
    kept = database_of(folder)
    if kept is None:
        message = f"DATA_DIR: there is no database in {folder.resolve()} yet."
        raise NothingKept(message)
    stores = EmbeddedStores(folder, only=frozenset({"postgres"}))
    try:
        addresses = await stores.start(wait=0)
    except FolderInUse:
        yield kept
        return
    try:
        yield addresses.database_url or kept
    finally:
        await stores.stop()


async def verify(database: Database) -> int:
    """Walk every chain; print what was found, and return the exit code."""
    entries, broken = 0, 0
    workspaces = await _workspaces(database)
    for workspace_id in workspaces:
        chain = await _walk(database, workspace_id)
        entries += chain.entries
        if chain.broken_at is not None:
            broken += 1
            sys.stdout.write(f"{ids.encode('workspace', workspace_id)}: entry {chain.broken_at}: {chain.reason}\n")
    verdict = f"{broken} of {len(workspaces)} are broken" if broken else "all hold"
    sys.stdout.write(f"{len(workspaces):,} audit logs, {entries:,} entries checked: {verdict}.\n")
    return _BROKEN if broken else 0


async def _workspaces(database: Database) -> list[UUID]:
    either = union(
        select(Workspace.id.label("workspace_id")),
        select(WorkspaceCounter.workspace_id),
        select(AuditEntry.workspace_id),
    ).order_by("workspace_id")
    async with database.system() as session:
        return list((await session.execute(either)).scalars())


async def _walk(database: Database, workspace_id: UUID) -> audit.Chain:
    async with database.system() as session:
        # the log grows meanwhile: its end and its entries are read as of one moment
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        return await audit.verify(session, workspace_id)


async def _run() -> int:
    async with _database_url(load_settings()) as url:
        database = Database(url, pool=_FEW)
        try:
            with database_refusals():
                return await verify(database)
        finally:
            await database.close()


def main() -> int:
    """Verify; return the exit code."""
    try:
        return asyncio.run(_run())
    except (SettingsInvalid, StoreFailed, DatabaseRefused, NothingKept) as error:
        sys.stderr.write(f"{error}\n")
        return _UNSEEN


if __name__ == "__main__":
    sys.exit(main())
