"""Credits, which pay for what models write: what a workspace has, what it holds back, and every movement.

A credit is a tenth of a US cent of what models cost, rounded up: 1,000 micro-USD.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, choice, tenant_key

MICRO_USD: int = 1_000
"""What one credit pays for."""


class CreditKind(StrEnum):
    """Why credits moved."""

    GRANT = "grant"
    TOPUP = "topup"
    ADJUSTMENT = "adjustment"
    CONSUME = "consume"
    REFUND = "refund"


class HoldState(StrEnum):
    """What became of credits that were held back."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


class CreditAccount(Base):
    """What a workspace has. `held` is the part that runs already; `granted` what the alerts are measured against."""

    __tablename__ = "credit_accounts"
    __table_args__ = (CheckConstraint("held >= 0 AND balance >= held", name="never_negative"),)

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    balance: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    held: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    granted: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    alerted: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class CreditEntry(Tenant, Base):
    """One movement. Never changed."""

    __tablename__ = "credit_entries"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "kind", "request_id"),
        Index("ix_credit_entries_at", "workspace_id", "at", "id"),
        Index("ix_credit_entries_feature", "workspace_id", "feature", "at"),
    )

    kind: Mapped[CreditKind] = mapped_column(choice(CreditKind))
    amount: Mapped[int]
    balance_after: Mapped[int]
    feature: Mapped[str | None]
    request_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class CreditHold(Tenant, Base):
    """Credits held back for one request, by its id. What is not settled by `expires_at` is given back."""

    __tablename__ = "credit_holds"
    __table_args__ = (
        tenant_key(),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_credit_holds_expires_at", "expires_at", postgresql_where=text("state = 'held'")),
    )

    feature: Mapped[str]
    amount: Mapped[int]
    state: Mapped[HoldState] = mapped_column(
        choice(HoldState), default=HoldState.HELD, server_default=HoldState.HELD.value
    )
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class CreditBudget(Base):
    """How many credits a feature may use in a calendar month of the workspace's time zone."""

    __tablename__ = "credit_budgets"
    __table_args__ = (CheckConstraint("monthly >= 0", name="monthly"),)

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    monthly: Mapped[int]
