"""The wall between workspaces inside the database: roles, policies and grants, and the check that they stand.

Two roles without login. The application role is bound by row-level security to the workspace that its transaction set;
the system role sees every workspace, and is for accounts, schedules and the making of workspaces. Neither owns a table.
"""

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

APP_ROLE: Final = "whatshybrid_app"
SYSTEM_ROLE: Final = "whatshybrid_system"
SETTING: Final = "app.workspace_id"
HERE: Final = f"nullif(current_setting('{SETTING}', true), '')::uuid"

# an advisory lock, because roles belong to the whole cluster and two databases may be migrated at once
_ROLE_LOCK: Final = 7_283_641_191


class WallBroken(RuntimeError):
    """The database does not keep workspaces apart: the process refuses to start."""


def role_statements() -> Sequence[str]:
    """Return what makes the two roles, when they are missing, and lets the login that runs it take them."""
    statements = [f"SELECT pg_advisory_xact_lock({_ROLE_LOCK})"]
    for role in (APP_ROLE, SYSTEM_ROLE):
        statements += [
            f"""DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
                END IF;
                IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                    EXECUTE format('GRANT {role} TO %I', current_user);
                END IF;
            END $$""",
            f"GRANT USAGE ON SCHEMA public TO {role}",
        ]
    return statements


def table_statements(table: str, *, tenant: bool, append_only: bool = False) -> Sequence[str]:
    """Return what walls a table in.

    `tenant` tables carry `workspace_id` and are open to the application role for its own workspace; others are open to
    the system role alone. An `append_only` table can be read and added to.
    """
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY system_{table} ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT {rights} ON {table} TO {SYSTEM_ROLE}",
    ]
    if tenant:
        own = f"workspace_id = {HERE}"
        statements += [
            f"CREATE POLICY app_{table} ON {table} TO {APP_ROLE} USING ({own}) WITH CHECK ({own})",
            f"GRANT {rights} ON {table} TO {APP_ROLE}",
        ]
    return statements


_OPEN_TABLES: Final = text("""
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity
               AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
    ORDER BY 1
""")
_STRONG_ROLES: Final = text("""
    SELECT rolname FROM pg_roles r
    WHERE rolname IN (:app, :system)
      AND (rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind = 'r'))
""")
_ROLES: Final = text("SELECT count(*) FROM pg_roles WHERE rolname IN (:app, :system)")
_SEEN: Final = text("SELECT count(*) FROM (SELECT FROM contacts LIMIT 1) c")
_BIND: Final = text("SELECT set_config(:name, :value, true)")


async def verify(connection: AsyncConnection) -> None:
    """Look whether the wall stands, over a connection of the application role.

    Raises:
        WallBroken: a table is open, a role is too strong, or rows show without a workspace or in a made-up one.
    """
    roles = {"app": APP_ROLE, "system": SYSTEM_ROLE}
    if (await connection.execute(_ROLES, roles)).scalar_one() != len(roles):
        message = "the database lacks the product's roles: migrate it"
        raise WallBroken(message)
    open_tables = (await connection.execute(_OPEN_TABLES)).scalars().all()
    if open_tables:
        message = f"tables without row-level security: {', '.join(open_tables)}"
        raise WallBroken(message)
    strong = (await connection.execute(_STRONG_ROLES, roles)).scalars().all()
    if strong:
        message = f"roles that walls do not bind: {', '.join(strong)}"
        raise WallBroken(message)
    for value in ("", str(uuid4())):
        await connection.execute(_BIND, {"name": SETTING, "value": value})
        if (await connection.execute(_SEEN)).scalar_one():
            message = "rows can be seen from outside of their workspace"
            raise WallBroken(message)
