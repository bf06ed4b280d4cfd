"""Definitions of the fields that a workspace adds to its contacts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, Tenant, choice, tenant_key


class FieldKind(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"


class CustomField(Tenant, Stamped, Base):
    """One custom field: the key under which a contact keeps it, and what it accepts."""

    __tablename__ = "custom_fields"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "key"),
        Index("ix_custom_fields_position", "workspace_id", "position", "id"),
    )

    key: Mapped[str]
    label: Mapped[str]
    kind: Mapped[FieldKind] = mapped_column(choice(FieldKind))
    options: Mapped[list[str]] = mapped_column(default=list, server_default=text("'{}'"))
    is_required: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    position: Mapped[int]
    archived_at: Mapped[datetime | None]
