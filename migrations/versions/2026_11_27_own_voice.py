"""Let a persona of the workspace be its voice, and find requests to models by person and contact.

Revision ID: 0007_own_voice
Revises: 0006_asking_models
Create Date: 2026-11-27 16:20:11.318204
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007_own_voice"
down_revision: str | Sequence[str] | None = "0006_asking_models"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = {"ix_ai_usage_contact_id": "contact_id", "ix_ai_usage_user_id": "user_id"}
_KEY = "fk_workspace_settings_workspace_id_ai_persona_id"


def upgrade() -> None:
    """Apply. What is built beside writers comes first, in no transaction, so it may be begun again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        for name, column in _INDEXES.items():
            columns = ["workspace_id", column, "at", "id"]
            op.drop_index(name, "ai_usage", postgresql_concurrently=True, if_exists=True)
            op.create_index(name, "ai_usage", columns, postgresql_concurrently=True)
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("workspace_settings", sa.Column("ai_persona_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        _KEY,
        "workspace_settings",
        "personas",
        ["workspace_id", "ai_persona_id"],
        ["workspace_id", "id"],
        ondelete="SET NULL (ai_persona_id)",
    )


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(_KEY, "workspace_settings", type_="foreignkey")
    op.drop_column("workspace_settings", "ai_persona_id")
    op.drop_index("ix_ai_usage_user_id", "ai_usage")
    op.drop_index("ix_ai_usage_contact_id", "ai_usage")
    op.create_index("ix_ai_usage_contact_id", "ai_usage", ["workspace_id", "contact_id"])
