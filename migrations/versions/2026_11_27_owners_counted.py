"""Count an owner's contacts by their index alone.

Revision ID: 0013_owners_counted
Revises: 0012_refusals
Create Date: 2026-11-27 21:20:09.104471
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0013_owners_counted"
down_revision: str | Sequence[str] | None = "0012_refusals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_contacts_owner"
_BEFORE = "ix_contacts_owner_id"
_COLUMNS = ["workspace_id", "owner_id", "id"]


def upgrade() -> None:
    """Apply. It is built beside writers, in no transaction, so it may be begun again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.drop_index(_NAME, "contacts", postgresql_concurrently=True, if_exists=True)
        op.create_index(_NAME, "contacts", _COLUMNS, postgresql_concurrently=True, postgresql_include=["archived_at"])
        op.drop_index(_BEFORE, "contacts", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(_BEFORE, "contacts", _COLUMNS)
    op.drop_index(_NAME, "contacts")
