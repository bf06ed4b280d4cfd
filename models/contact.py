"""People the workspace talks to, and the addresses that name them."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Document, OfTenant, Stamped, Tenant, choice, tenant_key, trigrams


class Sentiment(StrEnum):
    """How a contact sounded last."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class IdentityKind(StrEnum):
    """What sort of address names a contact."""

    PHONE = "phone"
    WHATSAPP_LID = "whatsapp_lid"
    EMAIL = "email"
    EXTERNAL = "external"


_SEARCHED = (
    "fold(coalesce(name,'') || ' ' || coalesce(company,'') || ' ' || coalesce(email,'') || ' ' || coalesce(phone,''))"
)
_DOCUMENT = "to_tsvector('portuguese', fold(coalesce(position,'') || ' ' || coalesce(notes,'')))"


class Contact(Tenant, Stamped, Base):
    """A person the workspace talks to. `phone` and `email` repeat the main identities, for lists. `named_after` is the
    address of which `name` was made, masked, for a contact without a name of its own.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["workspace_members.workspace_id", "workspace_members.user_id"],
            ondelete="SET NULL (owner_id)",
        ),
        CheckConstraint("lead_score BETWEEN 0 AND 100", name="lead_score"),
        Index("uq_contacts_created_at", "workspace_id", "created_at", "id", unique=True),
        Index("ix_contacts_updated_at", "workspace_id", "updated_at", "id"),
        Index("ix_contacts_name_key", "workspace_id", "name_key", "id"),
        Index("ix_contacts_lead_score", "workspace_id", "lead_score", "id"),
        Index("ix_contacts_last_message_key", "workspace_id", "last_message_key", "id"),
        Index("ix_contacts_owner", "workspace_id", "owner_id", "id", postgresql_include=["archived_at"]),
        trigrams("ix_contacts_search_text", "search_text"),
        Index("ix_contacts_search_document", "workspace_id", "search_document", postgresql_using="gin"),
        Index("ix_contacts_custom", "custom", postgresql_using="gin", postgresql_ops={"custom": "jsonb_path_ops"}),
    )

    name: Mapped[str]
    named_after: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    avatar_url: Mapped[str | None]
    company: Mapped[str | None]
    position: Mapped[str | None]
    notes: Mapped[str | None]
    custom: Mapped[Document] = mapped_column(default=dict, server_default=text("'{}'"))
    owner_id: Mapped[UUID | None]
    lead_score: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    sentiment: Mapped[Sentiment | None] = mapped_column(choice(Sentiment))
    last_message_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    is_archived: Mapped[bool] = mapped_column(Computed("archived_at IS NOT NULL", persisted=True))
    name_key: Mapped[str] = mapped_column(Computed("fold(name)", persisted=True))
    last_message_key: Mapped[datetime] = mapped_column(
        Computed("coalesce(last_message_at, to_timestamp(0))", persisted=True)
    )
    search_text: Mapped[str] = mapped_column(Computed(_SEARCHED, persisted=True), deferred=True)
    search_document: Mapped[str] = mapped_column(TSVECTOR, Computed(_DOCUMENT, persisted=True), deferred=True)


CONTACT_TEXTS: Final = table(
    "contact_texts",
    column("workspace_id", Uuid()),
    column("id", Uuid()),
    column("name_key", Text()),
    column("named_after", Text()),
    column("company", Text()),
    column("email", Text()),
    column("search_text", Text()),
    column("search_document", TSVECTOR()),
)
"""The contacts of the workspace that is set, as a view in which the indexes of their texts are used: to look for texts,
and for nothing else (docs/decisions/0016)."""


class ContactIdentity(OfTenant, Base):
    """An address that names one contact of a workspace. `key` is the form that is compared; `value` is shown."""

    __tablename__ = "contact_identities"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("workspace_id", "kind", "key"),
        Index("ix_contact_identities_contact_id", "workspace_id", "contact_id", "id"),
    )

    contact_id: Mapped[UUID]
    kind: Mapped[IdentityKind] = mapped_column(choice(IdentityKind))
    key: Mapped[str]
    value: Mapped[str]
