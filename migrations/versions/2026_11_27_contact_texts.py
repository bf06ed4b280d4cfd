"""Show the texts of contacts where indexes find parts of them.

Revision ID: 0009_contact_texts
Revises: 0008_row_counts
Create Date: 2026-11-27 17:41:52.118340
"""

from collections.abc import Sequence

from alembic import op

from core.database import walls

revision: str = "0009_contact_texts"
down_revision: str | Sequence[str] | None = "0008_row_counts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (
    "workspace_id",
    "id",
    "name_key",
    "named_after",
    "company",
    "email",
    "search_text",
    "search_document",
)


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in walls.texts_statements("contact_texts", "contacts", _COLUMNS):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP VIEW contact_texts")
