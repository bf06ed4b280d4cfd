"""How promising leads were, each time that it was worked out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Document, OfTenant, tenant_key


class LeadScore(OfTenant, Base):
    """One score of a contact, 0 to 100. `factors` has for each name its points, the most, and whether it is known.

    `reasons` are a model's words, where one was asked.
    """

    __tablename__ = "lead_scores"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"], ondelete="CASCADE"
        ),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        Index("ix_lead_scores_contact_id", "workspace_id", "contact_id", "at", "id"),
    )

    contact_id: Mapped[UUID]
    score: Mapped[int]
    recommendation: Mapped[str]
    factors: Mapped[Document]
    reasons: Mapped[list[str]]
    provider: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
