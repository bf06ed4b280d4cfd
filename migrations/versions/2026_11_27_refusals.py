"""Let statements refuse, and point to the workspace once.

Revision ID: 0012_refusals
Revises: 0011_labelled_in_order
Create Date: 2026-11-27 20:14:51.310226
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0012_refusals"
down_revision: str | Sequence[str] | None = "0011_labelled_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_REFUSE = """
    CREATE FUNCTION refuse(reason text) RETURNS boolean LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING MESSAGE = reason; END $$
"""
_OF_CONTACTS = ("contact_identities", "lead_scores")


def upgrade() -> None:
    """Apply. Rows of a contact point to it by workspace and id, and it points to the workspace: that they do too was
    looked up for each of them, and says nothing more.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_REFUSE)
    for table in _OF_CONTACTS:
        op.drop_constraint(f"fk_{table}_workspace_id", table, type_="foreignkey")


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _OF_CONTACTS:
        name = f"fk_{table}_workspace_id"
        op.create_foreign_key(name, table, "workspaces", ["workspace_id"], ["id"], ondelete="CASCADE")
    op.execute("DROP FUNCTION refuse(text)")
