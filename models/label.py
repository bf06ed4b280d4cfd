"""Coloured words that contacts are sorted with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, Tenant, tenant_key


class Label(Tenant, Stamped, Base):
    """A coloured word."""

    __tablename__ = "labels"
    __table_args__ = (
        tenant_key(),
        Index("uq_labels_name", "workspace_id", text("fold(name)"), unique=True),
        Index("ix_labels_position", "workspace_id", "position", "id"),
    )

    name: Mapped[str]
    color: Mapped[str]
    description: Mapped[str | None]
    position: Mapped[int]


class ContactLabel(Base):
    """A label on a contact. `contact_created_at` repeats the contact's `created_at`, so that an index has the contacts
    of a label in their order: the database fills it in, and holds it equal.
    """

    __tablename__ = "contact_labels"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "contact_id", "label_id"),
        ForeignKeyConstraint(
            ["workspace_id", "contact_id", "contact_created_at"],
            ["contacts.workspace_id", "contacts.id", "contacts.created_at"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["workspace_id", "label_id"], ["labels.workspace_id", "labels.id"], ondelete="CASCADE"),
        Index("ix_contact_labels_contact_created_at", "workspace_id", "label_id", "contact_created_at", "contact_id"),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID]
    contact_created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    label_id: Mapped[UUID]
    assigned_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
