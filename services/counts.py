"""The upkeep of counts that are kept as changes: they are folded together, and compared with the rows.

The changes are appended by the database's own triggers (`core.database.counting`).
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, text

from core.database import Database, WriteSession, counting
from models import COUNTED, Workspace
from services.jobs import Job

_LOCK: Final = 7_283_641_191
_BATCH: Final = 20_000
_ROUNDS: Final = 500
_WORKSPACES: Final = 100

_ALONE = text("SELECT pg_try_advisory_xact_lock(:lock)")
_WAIT_ALONE = text("SELECT pg_advisory_xact_lock(:lock)")
_FOLD = text("""
    WITH many AS (
        SELECT workspace_id, counted, part FROM row_counts GROUP BY 1, 2, 3 HAVING count(*) > 1
    ), gone AS (
        DELETE FROM row_counts WHERE (workspace_id, id) IN (
            SELECT c.workspace_id, c.id FROM row_counts c JOIN many USING (workspace_id, counted, part)
            ORDER BY c.workspace_id, c.counted, c.part LIMIT :batch)
        RETURNING workspace_id, counted, part, delta
    ), folded AS (
        INSERT INTO row_counts (workspace_id, id, counted, part, delta)
        SELECT workspace_id, gen_random_uuid(), counted, part, sum(delta)
        FROM gone GROUP BY workspace_id, counted, part
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM folded) AS kept
""")

log = structlog.stdlib.get_logger(__name__)


class FoldCounts(Job):
    """Fold the changes of counts together."""


class RecountLists(Job):
    """Compare kept counts with the rows, and make good what they lack."""


async def fold(database: Database) -> int:
    """Fold each count's changes into one; return by how many rows there are fewer. Readers see the same sum
    throughout. Nothing is done while another process folds or recounts.
    """
    fewer = 0
    for _ in range(_ROUNDS):
        async with database.system() as session:
            if not await session.scalar(_ALONE, {"lock": _LOCK}):
                break
            gone, kept = (await session.execute(_FOLD, {"batch": _BATCH})).one()
        fewer += gone - kept
        if gone < _BATCH:
            break
    return fewer


async def recount(database: Database) -> int:
    """Count the rows of every workspace, and make good what the kept counts lack; return how many counts differed.

    There is none unless somebody went around the triggers, so each is logged as an error.
    """
    differing, last = 0, None
    while True:
        async with database.system() as session:
            beyond = select(Workspace.id).order_by(Workspace.id).limit(_WORKSPACES)
            found = (await session.scalars(beyond if last is None else beyond.where(Workspace.id > last))).all()
        if not found:
            return differing
        last = found[-1]
        for table, part in COUNTED.items():
            async with database.system() as session:
                differing += await _corrected(session, table, part, found)


async def _corrected(session: WriteSession, table: str, part: str, workspaces: Sequence[UUID]) -> int:
    await session.execute(_WAIT_ALONE, {"lock": _LOCK})
    statement = text(counting.recount_statement(table, part, where="workspace_id = ANY(:workspaces)"))
    rows = (await session.execute(statement, {"workspaces": list(workspaces)})).all()
    for workspace_id, value, delta in rows:
        log.error("a kept count was wrong", table=table, workspace=str(workspace_id), part=value, lacked=delta)
    return len(rows)
