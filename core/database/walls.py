"""The wall between workspaces inside the database: roles, policies and grants, and the words for them in migrations.

Two roles without login. The application role is bound by row-level security to the workspace that its transaction set;
the system role sees every workspace, and is for accounts, schedules and the making of workspaces. Neither owns a table.
Whether the walls stand is looked at by `core.database.inspection`.
"""

from collections.abc import Sequence
from typing import Final

APP_ROLE: Final = "whatshybrid_app"
SYSTEM_ROLE: Final = "whatshybrid_system"
SETTING: Final = "app.workspace_id"
HERE: Final = f"nullif(current_setting('{SETTING}', true), '')::uuid"


class WallBroken(RuntimeError):
    """The database does not keep workspaces apart: the process refuses to start."""


def role_statements() -> Sequence[str]:
    """Return what makes the two roles, when they are missing, and lets the login that runs it take them.

    Roles belong to the whole cluster, and no lock of one database keeps the migration of another away: whoever loses
    the race tries again. A login that may not create roles needs them made, and granted to it, by somebody who may.
    """
    return [
        statement
        for role in (APP_ROLE, SYSTEM_ROLE)
        for statement in (_role_statement(role), f"GRANT USAGE ON SCHEMA public TO {role}")
    ]


def _role_statement(role: str) -> str:
    # since PostgreSQL 16, who creates a role is a member of it, but may not take it
    return f"""DO $$
        DECLARE
            taking text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
        BEGIN
            FOR attempt IN 1..10 LOOP
                BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
                    END IF;
                    IF NOT pg_has_role(current_user, '{role}', taking) THEN
                        EXECUTE format('GRANT {role} TO %I', current_user);
                    END IF;
                    RETURN;
                EXCEPTION WHEN duplicate_object OR unique_violation OR lock_not_available OR internal_error THEN
                    IF attempt = 10 THEN RAISE; END IF;
                    PERFORM pg_sleep(0.05 * attempt);
                END;
            END LOOP;
        END $$"""


def table_statements(table: str, *, tenant: bool, append_only: bool = False, read_only: bool = False) -> Sequence[str]:
    """Return what walls a table in.

    `tenant` tables carry `workspace_id` and are open to the application role for its own workspace; others are open to
    the system role alone. An `append_only` table can be read and added to. The application role only reads a
    `read_only` one: the database writes it itself.
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
            f"GRANT {'SELECT' if read_only else rights} ON {table} TO {APP_ROLE}",
        ]
    return statements


def given_statements(thing: str) -> Sequence[str]:
    """Return what makes the system role the owner of a function or a view, which then acts with its rights.

    To own what is in a schema, a role must be able to create there: it is, for that moment alone.
    """
    kind, _, name = thing.partition(" ")
    return [
        f"GRANT CREATE ON SCHEMA public TO {SYSTEM_ROLE}",
        f"ALTER {kind} {name} OWNER TO {SYSTEM_ROLE}",
        f"REVOKE CREATE ON SCHEMA public FROM {SYSTEM_ROLE}",
    ]


# Spelled otherwise than HERE: the planner takes equal expressions for one, and would put the policy of another table of
# the statement in front of the view's indexes (docs/decisions/0016).
INSIDE: Final = f"CASE WHEN current_setting('{SETTING}', true) <> '' THEN current_setting('{SETTING}', true)::uuid END"


def texts_statements(view: str, table: str, columns: Sequence[str]) -> Sequence[str]:
    """Return what makes a view of a tenant's table in which conditions on texts reach its indexes.

    The view belongs to the system role, for which the table has no condition, and has the wall as its own. It is open
    to the application role, to be read.
    """
    return [
        f"CREATE VIEW {view} AS SELECT {', '.join(columns)} FROM {table} WHERE workspace_id = {INSIDE}",  # noqa: S608
        *given_statements(f"VIEW {view}"),
        f"REVOKE ALL ON {view} FROM PUBLIC",
        f"GRANT SELECT ON {view} TO {APP_ROLE}",
    ]
