"""Keep phone numbers out of the names of contacts.

Revision ID: 0004_named_after
Revises: 0003_idempotency_keys
Create Date: 2026-11-25 09:12:40.521904
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from core import masking
from core.database import walls

revision: str = "0004_named_after"
down_revision: str | Sequence[str] | None = "0003_idempotency_keys"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 1000
_NAMELESS = sa.text(
    "SELECT DISTINCT c.workspace_id, c.id, c.name, coalesce(i.kind = 'email', false) AS is_open FROM contacts c"
    " LEFT JOIN contact_identities i ON i.workspace_id = c.workspace_id AND i.contact_id = c.id AND i.value = c.name"
    r" WHERE i.id IS NOT NULL OR c.name ~ '^\+[0-9]{6,15}$'"
)
_RENAME = sa.text(
    "UPDATE contacts SET name = :shown, named_after = :after WHERE workspace_id = :workspace_id AND id = :id"
)


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("contacts", sa.Column("named_after", sa.Text(), nullable=True))
    # the owner of a table is bound by its walls too
    op.execute(f"SET LOCAL ROLE {walls.SYSTEM_ROLE}")
    connection = op.get_bind()
    found = connection.execute(_NAMELESS).all()
    for start in range(0, len(found), _BATCH):
        connection.execute(_RENAME, [_renamed(each) for each in found[start : start + _BATCH]])
    op.execute("RESET ROLE")


def _renamed(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    shown = row.name if row.is_open else masking.address(row.name)
    return {"workspace_id": row.workspace_id, "id": row.id, "shown": shown, "after": row.name}


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"SET LOCAL ROLE {walls.SYSTEM_ROLE}")
    op.execute("UPDATE contacts SET name = named_after WHERE named_after IS NOT NULL")
    op.execute("RESET ROLE")
    op.drop_column("contacts", "named_after")
