"""Create the credits of workspaces.

Revision ID: 0005_credits
Revises: 0004_named_after
Create Date: 2026-11-27 07:32:27.190801
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from core.database import walls

revision: str = "0005_credits"
down_revision: str | Sequence[str] | None = "0004_named_after"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TRIAL = 1_000
_ACCOUNTS = f"""
    INSERT INTO credit_accounts (workspace_id, balance, granted) SELECT id, {_TRIAL}, {_TRIAL} FROM workspaces
"""
_GRANTS = f"""
    INSERT INTO credit_entries (workspace_id, id, kind, amount, balance_after, request_id)
    SELECT id, gen_random_uuid(), 'grant', {_TRIAL}, {_TRIAL}, id FROM workspaces
"""


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "credit_accounts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("granted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("alerted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("held >= 0 AND balance >= held", name=op.f("ck_credit_accounts_never_negative")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_credit_accounts_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_credit_accounts")),
    )
    op.create_table(
        "credit_budgets",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("monthly", sa.Integer(), nullable=False),
        sa.CheckConstraint("monthly >= 0", name=op.f("ck_credit_budgets_monthly")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_credit_budgets_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "feature", name=op.f("pk_credit_budgets")),
    )
    op.create_table(
        "credit_entries",
        sa.Column(
            "kind",
            sa.Enum(
                "grant",
                "topup",
                "adjustment",
                "consume",
                "refund",
                name="creditkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance_after", sa.Integer(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_credit_entries_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_credit_entries_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_credit_entries")),
        sa.UniqueConstraint(
            "workspace_id", "kind", "request_id", name=op.f("uq_credit_entries_workspace_id_kind_request_id")
        ),
    )
    op.create_index("ix_credit_entries_at", "credit_entries", ["workspace_id", "at", "id"], unique=False)
    op.create_index("ix_credit_entries_feature", "credit_entries", ["workspace_id", "feature", "at"], unique=False)
    op.create_table(
        "credit_holds",
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "held", "settled", "released", name="holdstate", native_enum=False, create_constraint=True, length=32
            ),
            server_default="held",
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_holds_amount")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_credit_holds_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_credit_holds_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_credit_holds")),
    )
    op.create_index(
        "ix_credit_holds_expires_at",
        "credit_holds",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    for table, is_append_only in (
        ("credit_accounts", False),
        ("credit_budgets", False),
        ("credit_entries", True),
        ("credit_holds", False),
    ):
        for statement in walls.table_statements(table, tenant=True, append_only=is_append_only):
            op.execute(statement)
    op.execute(f"SET LOCAL ROLE {walls.SYSTEM_ROLE}")
    op.execute(_ACCOUNTS)
    op.execute(_GRANTS)
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_credit_holds_expires_at", table_name="credit_holds", postgresql_where=sa.text("state = 'held'"))
    op.drop_table("credit_holds")
    op.drop_index("ix_credit_entries_feature", table_name="credit_entries")
    op.drop_index("ix_credit_entries_at", table_name="credit_entries")
    op.drop_table("credit_entries")
    op.drop_table("credit_budgets")
    op.drop_table("credit_accounts")
