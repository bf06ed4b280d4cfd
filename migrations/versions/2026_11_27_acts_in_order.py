"""Find what one person did in the order of the log.

Revision ID: 0010_acts_in_order
Revises: 0009_contact_texts
Create Date: 2026-11-27 17:49:03.771204
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0010_acts_in_order"
down_revision: str | Sequence[str] | None = "0009_contact_texts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_audit_entries_actor_seq"
_BEFORE = "ix_audit_entries_actor"


def upgrade() -> None:
    """Apply. It is built beside writers, in no transaction, so it may be begun again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.drop_index(_NAME, "audit_entries", postgresql_concurrently=True, if_exists=True)
        op.create_index(_NAME, "audit_entries", ["workspace_id", "actor_id", "seq"], postgresql_concurrently=True)
        op.drop_index(_BEFORE, "audit_entries", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(_BEFORE, "audit_entries", ["workspace_id", "actor_id", "id"])
    op.drop_index(_NAME, "audit_entries")
