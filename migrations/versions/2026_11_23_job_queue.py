"""Create the job queue's tables, as pgqueuer declares them.

The tables lie outside row-level security: a job belongs to the product. The application role may put jobs in and read
back their numbers, but never a payload; the system role runs them.

Revision ID: 0002_job_queue
Revises: 0001_first_floor
Create Date: 2026-11-23 18:02:11.402913
"""

from collections.abc import Sequence

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

from core.database import walls

revision: str = "0002_job_queue"
down_revision: str | Sequence[str] | None = "0001_first_floor"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = "pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics"
_SEQUENCES = "pgqueuer_id_seq, pgqueuer_log_id_seq, pgqueuer_schedules_id_seq, pgqueuer_statistics_id_seq"

_GRANTS = (
    f"REVOKE ALL ON {_TABLES} FROM PUBLIC, {walls.APP_ROLE}, {walls.SYSTEM_ROLE}",
    f"REVOKE ALL ON SEQUENCE {_SEQUENCES} FROM PUBLIC, {walls.APP_ROLE}, {walls.SYSTEM_ROLE}",
    f"GRANT INSERT, SELECT (id, entrypoint, priority, dedupe_key) ON pgqueuer TO {walls.APP_ROLE}",
    f"GRANT INSERT ON pgqueuer_log TO {walls.APP_ROLE}",
    f"GRANT USAGE ON SEQUENCE pgqueuer_id_seq TO {walls.APP_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_TABLES} TO {walls.SYSTEM_ROLE}",
    f"GRANT USAGE ON SEQUENCE {_SEQUENCES} TO {walls.SYSTEM_ROLE}",
)


def _library() -> QueryBuilderEnvironment:
    return QueryBuilderEnvironment(DBSettings(durability=Durability.durable))


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in _split(_library().build_install_query(create_schema=False)):
        op.execute(statement)
    for statement in _GRANTS:
        op.execute(statement)


def downgrade() -> None:
    """Undo. Jobs that wait are lost."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in _split(_library().build_uninstall_query()):
        op.execute(statement)


def _split(script: str) -> list[str]:
    """Cut a script into statements: asyncpg prepares one at a time. Only the function's body holds semicolons."""
    statements: list[str] = []
    body = False
    current: list[str] = []
    for line in script.splitlines():
        if line.startswith("--") and not current:
            continue
        current.append(line)
        body ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not body:
            statements.append("\n".join(current))
            current = []
    return statements
