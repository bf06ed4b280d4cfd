"""Voices that a workspace has written for itself, beside those that come with the product."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Float, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, Tenant, tenant_key


class CustomPersona(Tenant, Stamped, Base):
    """A voice. `instructions` say how it speaks; `temperature` is 0 to 1, `max_tokens` bounds what it writes."""

    __tablename__ = "personas"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "name_key"),
        CheckConstraint("temperature BETWEEN 0 AND 1", name="temperature"),
        CheckConstraint("max_tokens BETWEEN 1 AND 2000", name="max_tokens"),
    )

    name: Mapped[str]
    instructions: Mapped[str]
    temperature: Mapped[float] = mapped_column(Float)
    max_tokens: Mapped[int]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    name_key: Mapped[str] = mapped_column(Computed("fold(name)", persisted=True))
