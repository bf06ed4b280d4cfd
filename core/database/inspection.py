"""The look, at each start, whether the walls stand in this very database. It reads the catalogue and tries the doors.

It trusts no list of tables: whatever has a `workspace_id`, and whatever the application role may read, is looked at.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Executable, ScalarResult, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.database import walls
from core.database.errors import state_of
from core.database.sessions import ReadSession
from core.database.walls import WallBroken

Read = Callable[[UUID], AbstractAsyncContextManager[ReadSession]]
Ask = Callable[[Executable], Awaitable[ScalarResult[Any]]]

_INVALID_PARAMETER: Final = "22023"
_CONDITION: Final = f"(workspace_id = (NULLIF(current_setting('{walls.SETTING}'::text, true), ''::text))::uuid)"
_SETTING: Final = rf"current_setting\('{walls.SETTING}'::text, true\)"
_VIEW: Final = r"^ SELECT ([\w.]+(, )?)+ FROM \w+ WHERE \((\w+\.)?workspace_id = CASE"
_CASE: Final = rf" WHEN \({_SETTING} <> ''::text\) THEN \({_SETTING}\)::uuid ELSE NULL::uuid END\);$"
_NAMES: Final = {"app": walls.APP_ROLE, "system": walls.SYSTEM_ROLE, "condition": _CONDITION, "inside": _VIEW + _CASE}
_HERE: Final = text(f"SELECT current_user, current_setting('{walls.SETTING}', true)")

_MISSING: Final = """
    SELECT wanted FROM unnest(ARRAY[:app, :system]) wanted
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
"""
_STRONG: Final = """
    SELECT rolname FROM pg_roles r
    WHERE rolname IN (:app, :system)
      AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin
           OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
           OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND (rolname = :app OR c.relkind <> 'v')))
"""
# a view that belongs to the system role shows one table, and has the workspace as its whole condition;
# the job queue lies outside of the walls: the application role may add to it, and read back numbers, column by column
_OPEN: Final = r"""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      AND NOT (c.relkind = 'v' AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = :system)
               AND NOT has_table_privilege(:app, c.oid, 'INSERT, UPDATE, DELETE')
               AND regexp_replace(pg_get_viewdef(c.oid), '\s+', ' ', 'g') ~ :inside)
      AND (has_table_privilege(:app, c.oid, 'SELECT, UPDATE, DELETE, TRUNCATE')
           OR EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped))
"""
_LOOSE: Final = """
    SELECT c.relname || '.' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE EXISTS (SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)
      AND p.polpermissive AND NOT p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = :system)]
      AND (p.polroles <> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = :app)]
           OR pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM :condition
           OR pg_get_expr(p.polwithcheck, p.polrelid) IS DISTINCT FROM :condition)
"""
_DEFINED: Final = """
    SELECT p.proname FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND has_function_privilege(:app, p.oid, 'EXECUTE')
"""
_SHOWN: Final = text("""
    SELECT quote_ident(c.relname) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace
      AND (c.relkind = 'v' OR (c.relkind IN ('r', 'p') AND c.relrowsecurity))
      AND has_any_column_privilege(:app, c.oid, 'SELECT')
    ORDER BY 1
""")
_RULES: Final = (
    (_MISSING, "roles are missing; migrate the database"),
    (_STRONG, "roles are stronger than a wall"),
    (_OPEN, "tables are open: enable and force row-level security"),
    (_DEFINED, "functions act with another's rights: revoke them"),
    (_LOOSE, "policies do not keep to the workspace"),
)


async def verify(engine: AsyncEngine, read: Read) -> None:
    """Look whether the walls stand.

    Raises:
        WallBroken: a role is too strong, a table is open, or rows show without a workspace or in a made-up one.
    """
    try:
        async with engine.connect() as connection:
            await check_catalogue(connection)
            shown = (await connection.execute(_SHOWN, {"app": walls.APP_ROLE})).scalars().all()
            role, workspace = (await connection.execute(_HERE)).one()
            await _check_sight(connection.scalars, shown)
    except DBAPIError as error:
        if state_of(error) == _INVALID_PARAMETER:
            message = f"the database does not let us be {walls.APP_ROLE}; migrate it"
            raise WallBroken(message) from error
        raise
    if role != walls.APP_ROLE or workspace:
        message = f"a fresh connection is {role}, not {walls.APP_ROLE}, or already in a workspace"
        raise WallBroken(message)
    nowhere = uuid4()
    async with read(nowhere) as session:
        if (await session.execute(_HERE)).one() != (walls.APP_ROLE, str(nowhere)):
            message = "a read is not bound to its workspace"
            raise WallBroken(message)
        await _check_sight(session.scalars, shown)


async def check_catalogue(connection: AsyncConnection) -> None:
    """Read roles, tables and policies; raise `WallBroken` when one of them lets rows through."""
    for rule, complaint in _RULES:
        found = (
            await connection.execute(text(rule), {name: _NAMES[name] for name in _NAMES if f":{name}" in rule})
        ).all()
        if found:
            message = f"{complaint}: {', '.join(sorted(str(row[0]) for row in found))}"
            raise WallBroken(message)


async def _check_sight(ask: Ask, tables: Sequence[str]) -> None:
    """Look from outside of every workspace: nothing may be seen."""
    if not tables:
        message = "there is nothing to see; migrate the database"
        raise WallBroken(message)
    looks = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables]  # noqa: S608  (quoted names)
    seen = (await ask(text(" UNION ALL ".join(looks)))).all()
    if seen:
        message = f"rows can be seen from outside of their workspace: {', '.join(seen)}"
        raise WallBroken(message)
