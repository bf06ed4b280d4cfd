"""Create what is asked of models, and what becomes of it.

Revision ID: 0006_asking_models
Revises: 0005_credits
Create Date: 2026-11-27 10:42:12.394144
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.database import walls

revision: str = "0006_asking_models"
down_revision: str | Sequence[str] | None = "0005_credits"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "personas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Float(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("name_key", sa.Text(), sa.Computed("fold(name)", persisted=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("max_tokens BETWEEN 1 AND 2000", name=op.f("ck_personas_max_tokens")),
        sa.CheckConstraint("temperature BETWEEN 0 AND 1", name=op.f("ck_personas_temperature")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_personas_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_personas_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_personas")),
        sa.UniqueConstraint("workspace_id", "name_key", name=op.f("uq_personas_workspace_id_name_key")),
    )
    op.create_table(
        "prompt_templates",
        sa.Column(
            "feature",
            sa.Enum(
                "copilot",
                "smart_replies",
                "sentiment",
                "intent",
                "entities",
                "summary",
                "translation",
                "lead_score",
                "correction",
                "knowledge",
                name="feature",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_prompt_templates_version")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_prompt_templates_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_prompt_templates_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_prompt_templates")),
        sa.UniqueConstraint(
            "workspace_id", "feature", "version", name=op.f("uq_prompt_templates_workspace_id_feature_version")
        ),
    )
    op.create_index(
        "ix_prompt_templates_active",
        "prompt_templates",
        ["workspace_id", "feature"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "provider_keys",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_provider_keys_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_provider_keys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_provider_keys")),
        sa.UniqueConstraint("workspace_id", "provider", name=op.f("uq_provider_keys_workspace_id_provider")),
    )
    op.create_table(
        "ai_usage",
        sa.Column(
            "feature",
            sa.Enum(
                "copilot",
                "smart_replies",
                "sentiment",
                "intent",
                "entities",
                "summary",
                "translation",
                "lead_score",
                "correction",
                "knowledge",
                name="feature",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "completed",
                "partial",
                "failed",
                "blocked",
                "cancelled",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column(
            "strategy",
            sa.Enum(
                "cost_optimized",
                "speed_optimized",
                "quality_optimized",
                "balanced",
                "failover",
                name="routingstrategy",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("persona", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("micro_usd", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("credits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_cached", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_own_key", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("took_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "input_tokens >= 0 AND output_tokens >= 0 AND micro_usd >= 0 AND credits >= 0",
            name=op.f("ck_ai_usage_counts"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ai_usage_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_ai_usage_workspace_id_contact_id"),
            ondelete="SET NULL (contact_id)",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_ai_usage_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_ai_usage")),
    )
    op.create_index("ix_ai_usage_at", "ai_usage", ["workspace_id", "at", "id"], unique=False)
    op.create_index("ix_ai_usage_contact_id", "ai_usage", ["workspace_id", "contact_id"], unique=False)
    op.create_table(
        "lead_scores",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("factors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_lead_scores_score")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_lead_scores_workspace_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_lead_scores_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_lead_scores")),
    )
    op.create_index(
        "ix_lead_scores_contact_id", "lead_scores", ["workspace_id", "contact_id", "at", "id"], unique=False
    )
    op.create_table(
        "suggestions",
        sa.Column(
            "feature",
            sa.Enum(
                "copilot",
                "smart_replies",
                "sentiment",
                "intent",
                "entities",
                "summary",
                "translation",
                "lead_score",
                "correction",
                "knowledge",
                name="feature",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "offered",
                "shown",
                "used",
                "edited",
                "rejected",
                "sent",
                name="suggestionstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="offered",
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("client_request_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("final_text", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("persona", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("micro_usd", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_suggestions_confidence")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_suggestions_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_suggestions_workspace_id_contact_id"),
            ondelete="SET NULL (contact_id)",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_suggestions_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint(
            "workspace_id",
            "user_id",
            "client_request_id",
            name=op.f("uq_suggestions_workspace_id_user_id_client_request_id"),
        ),
    )
    op.create_index("ix_suggestions_at", "suggestions", ["workspace_id", "at", "id"], unique=False)
    op.create_index("ix_suggestions_contact_id", "suggestions", ["workspace_id", "contact_id"], unique=False)
    op.add_column("workspace_settings", sa.Column("ai_providers", postgresql.ARRAY(sa.Text()), nullable=True))
    for table in ("personas", "prompt_templates", "provider_keys", "ai_usage", "lead_scores", "suggestions"):
        for statement in walls.table_statements(table, tenant=True, append_only=table == "ai_usage"):
            op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("workspace_settings", "ai_providers")
    op.drop_index("ix_suggestions_contact_id", table_name="suggestions")
    op.drop_index("ix_suggestions_at", table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_index("ix_lead_scores_contact_id", table_name="lead_scores")
    op.drop_table("lead_scores")
    op.drop_index("ix_ai_usage_contact_id", table_name="ai_usage")
    op.drop_index("ix_ai_usage_at", table_name="ai_usage")
    op.drop_table("ai_usage")
    op.drop_table("provider_keys")
    op.drop_index("ix_prompt_templates_active", table_name="prompt_templates", postgresql_where=sa.text("is_active"))
    op.drop_table("prompt_templates")
    op.drop_table("personas")
