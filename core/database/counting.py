"""Counts that are kept, in words for migrations: triggers that append what each statement adds to a table and takes.

A count is a sum of changes, so writers never wait for one another. The triggers run as the system role, and only their
way leads into the table of changes: the application role reads it, behind the wall. What reads and folds the changes is
not here.
"""

from collections.abc import Sequence
from typing import Final

from core.database import walls

CHANGES: Final = "row_counts"
_SUMS: Final = {
    "INSERT": "SELECT workspace_id, {part} AS part, 1 AS change FROM added",
    "DELETE": "SELECT workspace_id, {part} AS part, -1 AS change FROM gone",
    "UPDATE": (
        "SELECT workspace_id, {part} AS part, 1 AS change FROM added"
        " UNION ALL SELECT workspace_id, {part}, -1 FROM gone"
    ),
}
_SEEN: Final = {
    "INSERT": "NEW TABLE AS added",
    "DELETE": "OLD TABLE AS gone",
    "UPDATE": "OLD TABLE AS gone NEW TABLE AS added",
}


def counted_statements(table: str, part: str) -> Sequence[str]:
    """Return what keeps the counts of a tenant's table from now on, apart by the boolean column `part`.

    Making the triggers waits for writers of the table, and keeps them waiting until the commit.
    """
    branches = " ELSIF ".join(f"TG_OP = '{event}' THEN {_appended(table, part, event)};" for event in _SUMS)
    function = f"""
        CREATE FUNCTION count_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public, pg_temp
        AS $$ BEGIN IF {branches} END IF; RETURN NULL; END $$
    """
    triggers = [
        f"CREATE TRIGGER count_{event.lower()} AFTER {event} ON {table} REFERENCING {seen}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{table}()"
        for event, seen in _SEEN.items()
    ]
    return [
        function,
        *triggers,
        f"REVOKE EXECUTE ON FUNCTION count_{table}() FROM PUBLIC",
        *walls.given_statements(f"FUNCTION count_{table}()"),
        f"SET LOCAL ROLE {walls.SYSTEM_ROLE}",
        recount_statement(table, part),
        "RESET ROLE",
    ]


def uncounted_statements(table: str) -> Sequence[str]:
    """Return what ends the counting of a table."""
    return [
        *(f"DROP TRIGGER count_{event.lower()} ON {table}" for event in _SEEN),
        f"DROP FUNCTION count_{table}()",
    ]


def recount_statement(table: str, part: str, *, where: str = "true") -> str:
    """Return what appends the difference between the rows and their kept count, and shows it. `where` names the
    workspaces.

    It counts rows and changes in one snapshot, so writers may go on: what it does not see of them is in both missing.
    """
    return f"""
        WITH found AS (SELECT workspace_id, {part} AS part, count(*) AS n FROM {table} WHERE {where} GROUP BY 1, 2),
            kept AS (SELECT workspace_id, part, sum(delta) AS n FROM {CHANGES}
                     WHERE counted = '{table}' AND {where} GROUP BY 1, 2)
        INSERT INTO {CHANGES} (workspace_id, id, counted, part, delta)
        SELECT workspace_id, gen_random_uuid(), '{table}', part, coalesce(found.n, 0) - coalesce(kept.n, 0)
        FROM found FULL JOIN kept USING (workspace_id, part)
        WHERE coalesce(found.n, 0) <> coalesce(kept.n, 0)
        RETURNING workspace_id, part, delta
    """  # noqa: S608  (names of our own tables)


def _appended(table: str, part: str, event: str) -> str:
    """A workspace that is deleted takes its counts along: nothing is appended for it."""
    changes = _SUMS[event].format(part=part)
    return f"""
        INSERT INTO {CHANGES} (workspace_id, id, counted, part, delta)
        SELECT c.workspace_id, gen_random_uuid(), '{table}', c.part, sum(c.change) FROM ({changes}) c
        WHERE EXISTS (SELECT FROM workspaces w WHERE w.id = c.workspace_id)
        GROUP BY c.workspace_id, c.part HAVING sum(c.change) <> 0
    """  # noqa: S608  (names of our own tables)
